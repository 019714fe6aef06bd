//! Japanese: です and ます.

use super::{Pane, Wording};

pub(super) static WORDING: Wording = Wording {
    serial_prompt: "シリアル番号: ",
    passcode_prompt: "パスコード: ",
    next_passcode_prompt: "次のパスコード: ",
    press_enter: "Enterキーを押してください。 ",

    wrong_passcode: "パスコードが違います。",
    not_paired: "このシリアル番号とパスコードは受け付けられませんでした。",
    already_used: "そのパスコードは使用済みです。次のパスコードが表示されるまでお待ちください。",
    out_of_step: "トークンの同期がずれています。次のパスコードが表示されるのを待って、それを入力してください。",
    no_passcode: "入力された値はパスコードではありません。トークンに表示されている数字を入力してください。",
    no_serial: "入力された値はシリアル番号ではありません。トークンの裏面にある番号を入力してください。",
    locked_until: |time, wait| {
        format!(
            "パスコードの誤りが続いたため、{time} までロックされています。{wait}後にもう一度お試しください。"
        )
    },
    locked_until_unlocked: "パスコードの誤りが続いたため、管理者が解除するまでロックされています。",
    unavailable: "現在パスコードを確認できません。\
                  入力の誤りではなく、このコンピューターの障害です。管理者に連絡してください。",
    no_token: "お使いのアカウントにはトークンが登録されていません。管理者にトークンの発行を依頼してください。",
    pair_in_one_field: "お使いのアカウントにはまだトークンが登録されていません。\
                        パスワードと半角のコンマに続けて「token シリアル番号 パスコード」を半角スペースで区切って入力してください。",
    no_token_yet: |time| {
        format!(
            "お使いのアカウントにはトークンが登録されていません。{time} からトークンが必要になります。"
        )
    },
    paired: |serial| format!("トークン {serial} をお使いのアカウントに登録しました。"),

    seconds: |count| format!("{count}秒"),
    minutes: |count| format!("{count}分"),
    hours: |count| format!("{count}時間"),

    pane: Pane {
        title: "トークンでログイン",
        explain_serial: "トークンの裏面にあるシリアル番号を入力してください。入力が必要なのは今回だけです。",
        explain_pairing_passcode: "続けて、トークンに表示されているパスコードを入力してください。",
        explain_passcode: "トークンに表示されているパスコードを入力してください。",
        explain_next_passcode: "トークンに次のパスコードが表示されるのを待って、それを入力してください。",
        field_serial: "シリアル番号",
        field_passcode: "パスコード",
        field_next_passcode: "次のパスコード",
        go_on: "ログイン",
        cancel: "キャンセル",
        back: "ログイン画面に戻る",
        continue_without: "トークンなしで続ける",
        interrupted: "ログインが中断されました。この入力からもう一度やり直してください。",
    },
};

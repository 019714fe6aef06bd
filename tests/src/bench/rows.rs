//! From what was measured to the rows of the table.

use crate::contender::{What, Who};
use crate::figure::{Figure, as_f64};
use crate::instructions::Inside;
use crate::results::{Measured, Results};
use crate::table::{Aim, Table, Unit};
use otpair_tests::number::grouped;

/// A step's name, and its instructions.
type Step = (&'static str, fn(&Inside) -> u64);

const SIGN_ONS: [What; 3] = [What::Good, What::Wrong, What::Pairing];

impl Results {
    /// The table.
    pub fn table(&self) -> Table {
        let mut table = Table::default();
        self.times(&mut table);
        self.more_tokens(&mut table);
        self.processes(&mut table);
        self.costs(&mut table);
        self.instructions(&mut table);
        self.together(&mut table);
        table
    }

    fn times(&self, table: &mut Table) {
        for what in SIGN_ONS {
            let aim = match what {
                What::Good => Some(Aim::AtMost(2.0)),
                What::Wrong => Some(Aim::AtMost(4.0)),
                What::Pairing => None,
            };
            let figures = self.all(what, &|measured| self.time(measured));
            table.push(what.to_string(), Unit::Flushes, figures, aim);
        }
    }

    /// The same with more tokens, over one token.
    fn more_tokens(&self, table: &mut Table) {
        let time = |measured: &Measured| self.time(measured);
        let count = |measured: &Measured| {
            let instructions = measured.instructions?;
            Some(Figure::exact(self.over_permits(instructions.all)?))
        };
        for tokens in self.sizes() {
            let over_one = |what, figure: &dyn Fn(&Measured) -> Option<Figure>| -> Vec<_> {
                let over = |who| {
                    let one = self.of((who, what, 1), figure)?.median;
                    let more = self.of((who, what, tokens), figure)?;
                    Some((who, more.less(0.0, one)))
                };
                Who::COMPARED.into_iter().filter_map(over).collect()
            };
            let named = |what: &str| format!("{what} with {} tokens over one", grouped(tokens));
            let aim = Some(Aim::AtMost(1.1));
            let good = What::Good.to_string();
            table.push(named(&good), Unit::Times, over_one(What::Good, &time), aim);
            let pairing = over_one(What::Pairing, &time);
            table.push(named("pairing"), Unit::Times, pairing, None);
            let counts = over_one(What::Good, &count);
            table.push(named("instructions"), Unit::Times, counts, aim);
        }
    }

    /// Sign-ons in processes of their own.
    fn processes(&self, table: &mut Table) {
        for what in SIGN_ONS {
            let first = self.all(what, &|measured| {
                self.over_permit(measured, &|one| {
                    one.alone.iter().map(|alone| alone.time).collect()
                })
            });
            let named = format!("{what}, first in its process");
            table.push(named, Unit::Flushes, first, None);
        }
        // At a wrong one pamtester keeps the delay that the module asks for.
        for what in [What::Good, What::Pairing] {
            let figures = self.all(what, &|measured| {
                self.over_permit(measured, &|one| {
                    one.pamtester.iter().map(|cost| cost.time).collect()
                })
            });
            table.push(
                format!("{what}, by pamtester"),
                Unit::Flushes,
                figures,
                None,
            );
        }
        let figures = self.all(What::Wrong, &|measured| {
            self.cpu(measured, &|one| &one.pamtester)
        });
        let named = format!("processor, {}, by pamtester", What::Wrong);
        table.push(named, Unit::Microseconds, figures, None);
    }

    fn costs(&self, table: &mut Table) {
        for what in SIGN_ONS {
            let cpu = self.all(what, &|measured| self.cpu(measured, &|one| &one.costs));
            table.push(format!("processor, {what}"), Unit::Microseconds, cpu, None);
        }
        for what in SIGN_ONS {
            let figures = self.all(what, &|one| {
                one.calls.map(|(_, flushes)| count(flushes as u64))
            });
            let aim = (what != What::Pairing).then_some(Aim::AtMost(1.0));
            table.push(format!("flushes, {what}"), Unit::Count, figures, aim);
        }
        for what in SIGN_ONS {
            let figures = self.all(what, &|one| {
                let (permit, _) = self.permit().calls?;
                let (calls, _) = one.calls?;
                Some(count(calls.saturating_sub(permit) as u64))
            });
            table.push(format!("system calls, {what}"), Unit::Count, figures, None);
        }
        let peak = |measured: &Measured| {
            let peaks = |one: &Measured| {
                Figure::of_numbers(&one.alone.iter().map(|alone| alone.peak).collect::<Vec<_>>())
            };
            let permit = peaks(self.permit())?.median;
            Some(peaks(measured)?.less(permit, 1024.0))
        };
        for what in SIGN_ONS {
            let aim = Some(Aim::AtMost(4.0));
            let figures = self.all(what, &peak);
            table.push(
                format!("peak memory, {what}"),
                Unit::Megabytes,
                figures,
                aim,
            );
        }
    }

    fn instructions(&self, table: &mut Table) {
        let thousands = |value: f64| Some(Figure::exact(value / 1000.0));
        for what in SIGN_ONS {
            let named = |step: &str| format!("instructions, {what}{step}");
            let all = self.all(what, &|one| {
                thousands(self.over_permits(one.instructions?.all)?)
            });
            table.push(named(""), Unit::Thousands, all, None);
            let around = self.all(what, &|one| {
                let permit = self.permit().instructions?.around;
                thousands(as_f64(one.instructions?.around) - as_f64(permit))
            });
            table.push(named(": load"), Unit::Thousands, around, None);
            let steps: [Step; 4] = [
                (": open", |inside| inside.open),
                (": decide", |inside| inside.decide),
                (": commit", |inside| inside.commit),
                (": log", |inside| inside.log),
            ];
            for (step, of) in steps {
                let figures = self.all(what, &|one| {
                    thousands(as_f64(of(&one.instructions?.inside?)))
                });
                table.push(named(step), Unit::Thousands, figures, None);
            }
        }
    }

    fn together(&self, table: &mut Table) {
        for together in &self.together {
            let count = together.processes;
            let named = format!("sign-ons a second over flushes, {}", processes(count));
            let aim = (count == 64).then_some(Aim::AtLeast(0.5));
            let mut figures = together.good.clone();
            figures.push((Who::Permit, together.permit));
            table.push(named, Unit::Times, figures, aim);
        }
        if let Some(most) = self.together.last() {
            let count = processes(most.processes);
            let named = format!("wrong passcodes of one user a second over flushes, {count}");
            table.push(named, Unit::Times, most.one_user.clone(), None);
            let named = format!("good passcodes denied, {count}");
            let none = Some(Aim::AtMost(0.0));
            table.push(named, Unit::Percent, most.denied.clone(), none);
        }
    }
}

fn count(number: u64) -> Figure {
    Figure::exact(as_f64(number))
}

fn processes(count: usize) -> String {
    let plural = if count == 1 { "" } else { "es" };
    format!("{count} process{plural}")
}

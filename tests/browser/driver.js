// Drives a browser for a test: each line of stdin is a step, a JSON object; each line of stdout is the answer to one, in
// order: {"done": VALUE} or {"failed": "why"}. When stdin ends, the browser is closed.
//
// Usage: node driver.js BROWSER
//
// A place is {"at": CSS SELECTOR, "text": TEXT}: an element that can be seen and, if there is a text, holds it.
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");
const readline = require("readline");
const { chromium } = require("playwright-core");

// A browser that asks nobody on the network anything by itself. Root's needs --no-sandbox.
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// The longest that a step may wait for the page, in milliseconds.
const PATIENCE = 60000;

function locate(page, place) {
  const found = page.locator(place.at).filter({ visible: true });
  return place.text === undefined ? found : found.filter({ hasText: place.text });
}

// What each step does, and what it answers with.
const STEPS = {
  // {"open": ADDRESS}
  open: async (page, step) => {
    await page.goto(step.open);
  },
  // {"fill": SELECTOR, "with": TEXT}
  fill: async (page, step) => {
    await page.locator(step.fill).fill(step.with);
  },
  // {"type": TEXT, "into": SELECTOR}: key by key, for pages that listen to keys.
  type: async (page, step) => {
    await page.locator(step.into).pressSequentially(step.type);
  },
  // {"click": SELECTOR}
  click: async (page, step) => {
    await page.locator(step.click).click();
  },
  // {"wait": [PLACE, ...]}: until one of them is there. Answers which, counted from 0.
  wait: async (page, step) => {
    const places = step.wait.map((place) => locate(page, place));
    await places.reduce((one, other) => one.or(other)).first().waitFor();
    for (const [number, place] of places.entries()) {
      if ((await place.count()) > 0) return number;
    }
    throw new Error("what was waited for came and went");
  },
  // {"read": SELECTOR}: the text of what can be seen there.
  read: async (page, step) => {
    return (await locate(page, { at: step.read }).allInnerTexts()).join("\n");
  },
  // {"picture": FILE, "of": SELECTOR}: a PNG of an element.
  picture: async (page, step) => {
    await page.locator(step.of).screenshot({ path: step.picture });
  },
  // {"forget": true}: the browser's cookies, as when it is closed and opened again.
  forget: async (page) => {
    await page.context().clearCookies();
  },
};

async function answer(page, line) {
  try {
    const step = JSON.parse(line);
    const name = Object.keys(STEPS).find((name) => name in step);
    if (name === undefined) throw new Error(`no such step: ${line}`);
    return { done: (await STEPS[name](page, step)) ?? null };
  } catch (error) {
    return { failed: `${error.message}\nThe page shows:\n${await shown(page)}` };
  }
}

async function shown(page) {
  try {
    return await page.locator("body").innerText({ timeout: 1000 });
  } catch (error) {
    return `(it can't be read: ${error.message})`;
  }
}

async function main() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "otpair-browser-"));
  try {
    const browser = await chromium.launchPersistentContext(home, {
      executablePath: process.argv[2],
      headless: true,
      ignoreHTTPSErrors: true,
      args: ARGUMENTS,
      env: { ...process.env, HOME: home },
      viewport: { width: 900, height: 700 },
    });
    browser.setDefaultTimeout(PATIENCE);
    const page = browser.pages()[0];
    for await (const line of readline.createInterface({ input: process.stdin })) {
      console.log(JSON.stringify(await answer(page, line)));
    }
    await browser.close();
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launchBrowser, openPage } from "../browser.ts";
import { createWorld, linkTo, poll, urlOf, type World } from "../world.ts";

/** A name that leads to this machine, and that no browser trusts as it trusts `localhost`. */
const LAN_NAME = "tac8.test";

let browser: Browser;
let world: World;
beforeAll(async () => {
  browser = await launchBrowser([`--host-resolver-rules=MAP ${LAN_NAME} 127.0.0.1`]);
});
afterAll(() => browser.close());
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await world.close();
});

/** What lies, in part or whole, outside its card. */
const outsideOfCards = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll("#now .run")].flatMap((card) => {
    const { left, right } = card.getBoundingClientRect();
    const parts = [...card.querySelectorAll("*")].filter((part) => {
      const box = part.getBoundingClientRect();
      return box.left < left || box.right > right;
    });
    return parts.map((part) => part.className || part.tagName);
  })`);

/** Continues with Tab until the element has the focus, as a user without a mouse does. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let steps = 0; steps < 60; steps += 1) {
    await page.keyboard.press("Tab");
    if ((await page.locator(`${selector}:focus`).count()) > 0) return;
  }
  throw new Error(`Tab does not come to ${selector}`);
}

test("with only the keyboard, an issue can be found, stopped and retried", async () => {
  world = await createWorld();
  const url = await urlOf(world.startApp("board"));
  world.startApp("scheduler");
  world.startApp("runner");
  const work = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];
  const long = { bash: `${world.gate("go").bash} # ${"a long command ".repeat(12)}` };
  const number = world.openIssue({ script: [{ say: "thinking about it" }, long, ...work] });
  const page = await openPage(browser, linkTo(url, world), { viewport: { width: 1280, height: 900 } });
  await page.locator("#now .run").getByText("until [ -e").waitFor();
  expect(await outsideOfCards(page)).toEqual([]);

  await page.keyboard.press("Tab");
  expect(await page.locator(".skip:focus").count()).toBe(1);
  await tabTo(page, "#now .ref");
  expect(await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/issues/octo/widgets/${number}`);
  await tabTo(page, "#stop");
  await page.keyboard.press("Enter");
  await page.getByText("Stopping: the work is saved").waitFor();
  await world.waitForState(number, "stopped");
  await page.locator("#retry").waitFor();
  await world.openGate("go");
  await tabTo(page, "#retry");
  await page.keyboard.press("Enter");
  await page.getByText("The issue is queued again.").waitFor();
  await world.waitForState(number, "pr");
  await page.locator("#head").getByText("pr", { exact: true }).waitFor();
  expect((await world.history(number)).filter(({ by }) => by === "board").map(({ reason }) => reason)).toContain(
    "retried by a user",
  );
});

test("without JavaScript the page shows the current state, and its buttons work, also over plain HTTP", async () => {
  world = await createWorld({ env: { TAC8_BOARD_PASSWORD: "a-password" } });
  // Loopback written so that it does not look like it: the board then serves other names, and asks for its password.
  const { port } = new URL(await urlOf(world.startApp("board", { TAC8_BOARD_HOST: "127.1" })));
  const page = await openPage(browser, `http://${LAN_NAME}:${port}/`, {
    javaScriptEnabled: false,
    extraHTTPHeaders: { authorization: `Basic ${Buffer.from("ada:a-password").toString("base64")}` },
  });
  expect(await page.locator("h1").innerText()).toMatch(/action needed/);
  await page.getByRole("button", { name: "Pause all new jobs" }).click();
  await page.locator("#holds").getByText("by ada@board").waitFor();
  await page.getByRole("button", { name: "Resume new jobs" }).click();
  await page.getByText("Resumed.").waitFor();
  await poll(120_000, async () => ((await world.redis.hlen("tac8:holds")) === 0 ? null : "a hold is left"));
});

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser, openPage } from "./browser.ts";
import { createWorld, linkTo, urlOf, type World } from "./world.ts";

let browser: Browser;
let world: World;
beforeAll(async () => {
  [browser, world] = await Promise.all([launchBrowser(), createWorld()]);
});
afterAll(async () => {
  await browser.close();
  await world.close();
});

/** Sees whether the page was loaded again since the mark was made. */
const mark = (page: Page) => page.evaluate("document.documentElement.dataset.mark = 'here'");
const isMarked = (page: Page) => page.evaluate<boolean>("document.documentElement.dataset.mark === 'here'");

test("overview and conversation update automatically, and external text is never interpreted as HTML", async () => {
  const url = await urlOf(world.startApp("board"));
  // No machine that runs this test has its time zone: 5:45 hours before UTC's.
  const page = await openPage(browser, linkTo(url, world), { timezoneId: "Asia/Kathmandu" });
  await page.locator('#live[data-state="live"]').waitFor();
  await mark(page);
  world.startApp("scheduler");
  world.startApp("runner");

  const evil = "<script>document.title='owned'</script>";
  const ansi = "\u001B[31mred\u001B[0m";
  const number = world.openIssue({
    title: `${evil} ${ansi}`,
    script: [
      { say: `first words ${evil} ${ansi}` },
      world.gate("go"),
      { say: "second words" },
      { append: "page.html", text: `${evil}\n` },
      { commit: "feat: a page" },
      { result: "Made a page." },
    ],
  });
  const run = page.locator("#now .run");
  await run.getByText(`${evil} red`).waitFor();
  await page.locator("#status").getByText("1 of 2 slots busy").waitFor();
  expect(await isMarked(page)).toBe(true);
  expect(await page.title()).toBe("Overview · tac8");
  const began = run.locator(".run-foot time");
  const since = Date.parse((await began.getAttribute("datetime")) ?? "");
  const there = new Date(since + 345 * 60_000).toISOString().slice(0, 19).replace("T", " ");
  expect(await began.getAttribute("title")).toBe(there);

  await run.getByRole("link", { name: `#${number}` }).click();
  const conversation = page.locator("#conversation");
  await conversation.getByText(`first words ${evil} red`).waitFor();
  const shown = conversation.locator("time").last();
  const spokenAt = Date.parse((await shown.getAttribute("datetime")) ?? "");
  expect(await shown.textContent()).toBe(new Date(spokenAt + 345 * 60_000).toISOString().slice(11, 19));
  await mark(page);
  await world.openGate("go");
  await conversation.getByText("second words").waitFor();
  await page.locator("#head").getByText("pr", { exact: true }).waitFor();
  expect(await isMarked(page)).toBe(true);
  expect(await page.title()).toContain(`${evil} red`);
  expect(await conversation.getByText("first words").count()).toBe(1);

  await page.getByRole("link", { name: "Diff" }).click();
  await page.locator(".diff .add").getByText(`+${evil}`).waitFor();
  expect(await page.locator("main script").count()).toBe(0);
  expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);

  await page.getByRole("link", { name: "Job in the queue" }).click();
  await page.getByRole("link", { name: "Conversation" }).first().click();
  await page.waitForURL(`**/issues/octo/widgets/${number}`);
});

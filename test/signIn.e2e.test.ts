import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "bullmq";
import { execa } from "execa";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { launchBrowser, openPage } from "./browser.ts";
import { programOf } from "./programs.ts";
import { createWorld, linkTo, poll, urlOf, type World } from "./world.ts";

/** A name that leads to this machine, and that no browser trusts as it trusts `localhost`: no Sec-Fetch-Site there. */
const LAN_NAME = "tac8.test";

let browser: Browser;
let world: World;
let url = "";
beforeAll(async () => {
  const args = [`--host-resolver-rules=MAP ${LAN_NAME} 127.0.0.1`];
  [browser, world] = await Promise.all([launchBrowser(args), createWorld()]);
  url = await urlOf(world.startApp("board"));
});
afterAll(async () => {
  await browser.close();
  await world.close();
});

/** Adds a job, which fails. */
async function failOne(number: number): Promise<string> {
  const id = world.jobId(number);
  await world.queue.add("issue", { owner: "octo", repo: "widgets", number }, { jobId: id, attempts: 1 });
  const worker = new Worker(QUEUE_NAME, null, { connection: world.redis, autorun: false });
  try {
    const job = await worker.getNextJob("token");
    await job?.moveToFailed(new Error("it failed"), "token", false);
  } finally {
    await worker.close();
  }
  return id;
}

const holds = (count: number) => async () =>
  (await world.redis.hlen("tac8:holds")) === count ? null : `not ${count} holds`;

async function pressPause(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Pause all new jobs" }).click();
  await page.getByText("Paused: running agents continue").waitFor();
  await page.getByRole("button", { name: "Resume new jobs" }).click();
  await page.getByText("Resumed.").waitFor();
  await poll(120_000, holds(0));
}

test("a link of tac8 open leads to the overview, whose buttons and Bull Board's work, and works once", async () => {
  const { stdout: link } = await execa(process.execPath, [programOf("cli"), "open"], {
    extendEnv: false,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: world.dir,
      TAC8_CONFIG: world.configFile,
      TAC8_HOME: world.dataFolder,
    },
  });
  const page = await openPage(browser, link);
  expect([await page.title(), page.url()]).toEqual(["Overview · tac8", `${url}/`]);
  expect(await page.evaluate<string>("document.cookie")).toBe("");
  await page.locator('#live[data-state="live"]').waitFor();
  await pressPause(page);

  const id = await failOne(7);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(`${url}/queues/queue/issues?status=failed`);
  await page.locator('[class^="jobActions-"] button:has(.lucide-refresh-cw)').first().click();
  const confirm = page.getByRole("button", { name: /confirm/i });
  await confirm.or(page.getByText("No jobs")).first().waitFor();
  if (await confirm.isVisible()) await confirm.click();
  await poll(120_000, async () => {
    const state = await (await world.queue.getJob(id))?.getState();
    return state === "waiting" || state === "prioritized" ? null : `the job is ${state}`;
  });

  const other = await openPage(browser, link);
  expect(await other.title()).toBe("Sign in · tac8");
  await other.getByText("This link has expired").waitFor();
});

test("the form signs in, also without JavaScript and over plain HTTP, and leads to the requested page", async () => {
  const password = (await readFile(join(world.dataFolder, "tac8-board-password"), "utf8")).trim();
  const { port } = new URL(await urlOf(world.startApp("board", { TAC8_BOARD_HOST: "127.1" })));
  const page = await openPage(browser, `http://${LAN_NAME}:${port}/?notice=resumed`, { javaScriptEnabled: false });
  expect(await page.title()).toBe("Sign in · tac8");
  await page.getByLabel("Password").fill("not it");
  await page.keyboard.press("Enter");
  await page.getByText("Wrong password.").waitFor();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Resumed.").waitFor();
  await pressPause(page);
});

test("a page on another port of this machine cannot use a button, although the browser sends the session cookie", async () => {
  const page = await openPage(browser, linkTo(url, world));
  const other = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<form method="post" action="${url}/pause"><button>Nice</button></form>`);
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  try {
    const address = other.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    await page.goto(`http://127.0.0.1:${port}/`);
    const answered = page.waitForResponse(`${url}/pause`);
    await page.getByRole("button").click();
    const answer = await answered;
    expect((await answer.request().allHeaders())["cookie"]).toMatch(/^tac8-/);
    expect(answer.status()).toBe(403);
    expect(await holds(0)()).toBe(null);
  } finally {
    other.close();
    other.closeAllConnections();
  }
});

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Start Debian's Chromium with a new profile, which is removed when it exits. @throws Error that says what to install. */
export async function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"];
  const program = folders.map((folder) => join(folder, "chromium")).find((path) => existsSync(path));
  if (program === undefined) throw new Error("there is no chromium: apt-get install chromium fonts-dejavu-core");
  return chromium.launch({ executablePath: program, args: [...ARGS, ...args] });
}

const WAIT_MS = 60_000;

export async function openPage(
  browser: Browser,
  url: string,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, ...options });
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(url);
  return page;
}

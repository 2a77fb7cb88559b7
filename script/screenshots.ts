// Makes the pictures in docs/: the board with a fixed scene, in Chromium, light and dark, wide and as on a phone, and the
// terminal with `tac8 monitor` of the same scene. Run with `npm run pictures`; needs redis-server, chromium and tmux, like the tests.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Cleanup, KNOWN, setUpBoard, setUpRedis } from "../apps/board/src/board.fixture.ts";
import { exampleConversation, paintPresence, paintScene, paintConversation } from "../apps/board/src/scene.fixture.ts";
import { openTmux } from "../apps/cli/fixtures/tmux.ts";
import { launchBrowser } from "../test/browser.ts";
import { terminalPage } from "./terminalPage.ts";

const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));
const WIDE = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
const ISSUE = "/issues/471";

const PICTURES = [
  { file: "board.png", path: "/", size: WIDE, scheme: "light" },
  { file: "board-dark.png", path: "/", size: WIDE, scheme: "dark" },
  { file: "board-phone.png", path: "/", size: PHONE, scheme: "light" },
  { file: "board-phone-dark.png", path: "/", size: PHONE, scheme: "dark" },
  { file: "conversation.png", path: ISSUE, size: WIDE, scheme: "light" },
  { file: "conversation-dark.png", path: ISSUE, size: WIDE, scheme: "dark" },
  { file: "conversation-phone.png", path: ISSUE, size: PHONE, scheme: "light" },
  { file: "conversation-phone-dark.png", path: ISSUE, size: PHONE, scheme: "dark" },
] as const;

const TERMINAL = { columns: 100, rows: 26 };
/** A line that `tac8 monitor` shows once it has read the status. */
const COMPLETE = /^Health +ok/m;

async function monitorScreen(redisUrl: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-pictures-"));
  cleanup.add(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
  const env = { PATH: process.env["PATH"] ?? "", HOME: dir, REDIS_URL: redisUrl };
  const pane = await openTmux({ socket: join(dir, "tmux"), cwd: dir, env });
  cleanup.add(() => pane.close());
  await pane.resize(TERMINAL.columns, TERMINAL.rows);
  await pane.keys(`clear; ${process.execPath} ${join(DOCS, "../apps/cli/src/main.ts")} monitor`, "Enter");
  for (const end = Date.now() + 30_000; Date.now() < end; await setTimeout(100)) {
    if (COMPLETE.test((await pane.lines()).join("\n"))) return pane.styled();
  }
  throw new Error(`tac8 monitor shows no complete screen:\n${(await pane.lines()).join("\n")}`);
}

const cleanup = new Cleanup();
try {
  const { redis, server } = await setUpRedis(cleanup);
  const scene = { redis, now: Date.now(), owner: "octo", repo: "hello" };
  await paintScene(scene);
  await paintConversation(scene, 471, exampleConversation(scene.now));
  const board = await setUpBoard(cleanup, { redis });
  const browser = await launchBrowser();
  cleanup.add(() => browser.close());
  for (const { file, path, size, scheme } of PICTURES) {
    await paintPresence({ ...scene, now: Date.now() });
    const page = await browser.newPage({ viewport: size, colorScheme: scheme, extraHTTPHeaders: KNOWN });
    await page.goto(`${board.url}${path}`);
    await page.locator('#live[data-state="live"]').waitFor();
    await page.screenshot({ path: join(DOCS, file) });
    await page.close();
    process.stdout.write(`docs/${file}\n`);
  }
  await paintPresence({ ...scene, now: Date.now() });
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 }, deviceScaleFactor: 2 });
  await page.setContent(terminalPage("tac8 monitor", await monitorScreen(server.url)));
  await page.locator("pre").screenshot({ path: join(DOCS, "monitor.png"), omitBackground: true });
  process.stdout.write("docs/monitor.png\n");
} finally {
  await cleanup.run();
}

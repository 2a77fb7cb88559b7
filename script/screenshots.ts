// Makes the pictures in docs/: the board with a fixed scene, in Chromium, light and dark, wide and as on a phone.
// Run with `npm run pictures`; needs redis-server and chromium, like the tests.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Cleanup, KNOWN, setUpBoard, setUpRedis } from "../apps/board/src/board.fixture.ts";
import { exampleConversation, paintPresence, paintScene, paintConversation } from "../apps/board/src/scene.fixture.ts";
import { launchBrowser } from "../test/browser.ts";

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

const cleanup = new Cleanup();
try {
  const { redis } = await setUpRedis(cleanup);
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
} finally {
  await cleanup.run();
}

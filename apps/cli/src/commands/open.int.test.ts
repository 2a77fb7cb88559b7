import { writeBoardAddress } from "@tac8/core/board/address";
import { useLink } from "@tac8/core/board/links";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";

let lab: Lab;
let board: Server;
let url = "";
beforeEach(async () => {
  lab = openLab();
  board = createServer().listen(0, "127.0.0.1");
  await once(board, "listening");
  const address = board.address();
  url = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
});
afterEach(async () => {
  board.close();
  await lab.close();
});

function note(home: string, more: { url?: string } = {}): void {
  mkdirSync(home, { recursive: true });
  writeBoardAddress(home, { listens: url, url, everywhere: false, ...more });
}

it("prints only a link, which the board accepts once", async () => {
  note(lab.dataFolder);
  const cli = lab.start(["open"]);
  expect((await cli.ended).code).toBe(0);
  expect(cli.stdout()).toMatch(new RegExp(`^${url}/open\\?token=[\\w-]{22}\n$`));
  expect(cli.stderr()).toBe("It signs you in once and expires after 10 minutes.\n");
  const token = new URL(cli.stdout()).searchParams.get("token") ?? "";
  expect([1, 2].map(() => useLink(token, { dataFolder: lab.dataFolder, now: Date.now() }))).toEqual([true, false]);
});

it("prints JSON, with the address that people open", async () => {
  note(lab.dataFolder, { url: "https://tac8.example.org" });
  const cli = lab.start(["open", "--json"]);
  expect((await cli.ended).code).toBe(0);
  expect(JSON.parse(cli.stdout())).toEqual({
    url: expect.stringMatching(/^https:\/\/tac8\.example\.org\/open\?token=/),
    expires: expect.stringMatching(/^\d{4}-.*Z$/),
  });
});

it("says in one line that no board was started, or that it does not respond", async () => {
  const none = lab.start(["open"]);
  expect((await none.ended).code).toBe(1);
  expect(none.stderr()).toMatch(/^tac8: no board has run on the data folder .*: run tac8 up, .*\n$/);
  note(lab.dataFolder);
  board.close();
  const down = lab.start(["open"]);
  expect((await down.ended).code).toBe(1);
  expect(down.stderr()).toBe(`tac8: the board does not respond at ${url}: start it, for example with tac8 up\n`);
});

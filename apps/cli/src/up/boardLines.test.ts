import { useLink } from "@tac8/core/board/links";
import { writeBoardAddress } from "@tac8/core/board/address";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { boardLines } from "./boardLines.ts";

const NOW = 1_795_600_000_000;
let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tac8-board-lines-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const lines = (more: { isTerminal: boolean; env?: Record<string, string> }) =>
  boardLines({
    logged: "http://127.0.0.1:3000",
    dataFolder: home,
    env: {},
    openCommand: "tac8 open",
    now: NOW,
    ...more,
  });

it("has a link on a terminal, valid for one hour", () => {
  const { url, notes } = lines({ isTerminal: true });
  expect(notes).toEqual(["The link works once, within an hour. For a new link: tac8 open"]);
  const { origin, searchParams } = new URL(url);
  expect(origin).toBe("http://127.0.0.1:3000");
  expect(useLink(searchParams.get("token") ?? "", { dataFolder: home, now: NOW + 3_599_999 })).toBe(true);
});

it("has no link without a terminal", () => {
  expect(lines({ isTerminal: false })).toEqual({ url: "http://127.0.0.1:3000", notes: ["To sign in: tac8 open"] });
  expect(readdirSync(home)).toEqual([]);
});

it("shows the address that works over SSH", () => {
  writeBoardAddress(home, { listens: "http://127.0.0.1:3000", url: "http://127.0.0.1:3000", everywhere: true });
  const env = { SSH_CONNECTION: "10.0.0.9 50000 10.0.0.2 22" };
  expect(lines({ isTerminal: true, env }).url).toMatch(/^http:\/\/10\.0\.0\.2:3000\/open\?token=/);
  // The address of an earlier board on another port.
  writeBoardAddress(home, { listens: "http://127.0.0.1:9", url: "http://127.0.0.1:9", everywhere: true });
  const { url, notes } = lines({ isTerminal: false, env });
  expect([url, notes.at(-1)]).toEqual([
    "http://127.0.0.1:3000",
    "First, on your own machine: ssh -L 3000:127.0.0.1:3000 10.0.0.2",
  ]);
});

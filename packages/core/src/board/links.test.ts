import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addressFor, readBoardAddress, writeBoardAddress } from "./address.ts";
import { LINK_MS, createLink, useLink, withdrawLinks } from "./links.ts";

const NOW = 1_795_600_000_000;
const URL_ = "http://127.0.0.1:3000";
let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tac8-links-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const make = (now = NOW) => createLink(URL_, { dataFolder: home, now, lifeMs: LINK_MS });
const tokenOf = (link: string) => new URL(link).searchParams.get("token") ?? "";
const take = (link: string, now = NOW) => useLink(tokenOf(link), { dataFolder: home, now });

test("a link fits into 80 columns, has 128 bits, and works once", () => {
  const link = make();
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:3000\/open\?token=[\w-]{22}$/);
  expect(link.length).toBeLessThan(72);
  expect(make()).not.toBe(link);
  expect(take(link)).toBe(true);
  expect(take(link)).toBe(false);
});

test("a link works until its time is over", () => {
  const [first, second] = [make(), make()];
  expect(take(first, NOW + LINK_MS - 1)).toBe(true);
  expect(take(second, NOW + LINK_MS)).toBe(false);
});

test("what is on the disk is no link: a hash and a time, for the owner alone", () => {
  const link = make();
  const folder = join(home, "board-links");
  const [name = ""] = readdirSync(folder);
  expect(name).toMatch(/^[0-9a-f]{64}$/);
  expect(name + readFileSync(join(folder, name), "utf8")).not.toContain(tokenOf(link));
  expect([statSync(folder).mode & 0o777, statSync(join(folder, name)).mode & 0o777]).toEqual([0o700, 0o600]);
  for (const token of [name, "", "..", "../board-links", "a".repeat(22)]) {
    expect(useLink(token, { dataFolder: home, now: NOW })).toBe(false);
  }
  expect(take(link)).toBe(true);
});

test("links that are over are removed when another is made, cut-off ones too; a start of the board withdraws all", () => {
  make();
  writeFileSync(join(home, "board-links", "0".repeat(64)), "");
  const link = make(NOW + LINK_MS);
  expect(readdirSync(join(home, "board-links"))).toHaveLength(1);
  withdrawLinks(home);
  expect(take(link)).toBe(false);
  withdrawLinks(join(home, "nowhere"));
});

test("the board's address is noted for the owner alone, and rubbish is none", () => {
  expect(readBoardAddress(home)).toBe(null);
  const address = { listens: URL_, url: "https://tac8.example", everywhere: false };
  writeBoardAddress(home, address);
  expect(readBoardAddress(home)).toEqual(address);
  expect(statSync(join(home, "board-address.json")).mode & 0o777).toBe(0o600);
  for (const text of ["", "{}", '{"listens":"javascript:1","url":"x","everywhere":true}']) {
    writeFileSync(join(home, "board-address.json"), text);
    expect(readBoardAddress(home)).toBe(null);
  }
});

test.each([
  [{}, false, {}, URL_, null],
  [{}, true, {}, URL_, null],
  [{}, false, { SSH_CONNECTION: "10.0.0.9 5 10.0.0.2 22" }, URL_, "ssh -L 3000:127.0.0.1:3000 10.0.0.2"],
  [{}, true, { SSH_CONNECTION: "10.0.0.9 5 10.0.0.2 22" }, "http://10.0.0.2:3000", null],
  [{}, true, { SSH_CONNECTION: "fd00::9 5 fd00::2 22" }, "http://[fd00::2]:3000", null],
  [{}, true, { SSH_CONNECTION: "rubbish" }, URL_, null],
  [{ url: "https://t.example" }, true, { SSH_CONNECTION: "1.1.1.1 5 10.0.0.2 22" }, "https://t.example", null],
  [
    { listens: "http://127.0.0.2:3000", url: "http://127.0.0.2:3000" },
    false,
    { SSH_CONNECTION: "1.1.1.1 5 10.0.0.2 22" },
    "http://127.0.0.2:3000",
    "ssh -L 127.0.0.2:3000:127.0.0.2:3000 10.0.0.2",
  ],
  [
    { listens: "http://10.0.0.2:80", url: "http://10.0.0.2:80" },
    false,
    { SSH_CONNECTION: "1.1.1.1 5 10.0.0.2 22" },
    "http://10.0.0.2:80",
    null,
  ],
])("the address for a terminal: %o, everywhere %s, %o → %s", (change, everywhere, env, url, hint) => {
  const found = addressFor({ listens: URL_, url: URL_, everywhere, ...change }, env);
  expect(found.url).toBe(url);
  if (hint === null) expect(found.hint).toBe(null);
  else expect(found.hint).toContain(hint);
});

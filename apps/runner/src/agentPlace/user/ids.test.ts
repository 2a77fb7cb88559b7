import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentIdBook } from "./ids.ts";

let dir = "";
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "tac8-ids-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Open a book with these ids. The last id is reserved for checks. */
const open = (first: number, last: number) => new AgentIdBook(join(dir, "ids"), { first, last: last + 1 });
const pathsOf = (name: string) => [join(dir, name, "tree"), join(dir, name, "git")];
/** Change the reservation of an id so that it is two hours old. */
const age = (id: number): void =>
  utimesSync(join(dir, "ids", String(id)), Date.now() / 1000 - 7200, Date.now() / 1000 - 7200);

test("an issue keeps its id, and no other issue gets it, also with two books on one folder", async () => {
  const [one, other] = [open(500, 509), open(500, 509)];
  const first = await one.idOf(pathsOf("a"), "uid");
  expect(await other.idOf(pathsOf("b"), "uid")).not.toBe(first);
  expect(await other.idOf(pathsOf("a"), "uid")).toBe(first);
  expect(await one.idOf(pathsOf("a").slice(1), "uid")).toBe(first);
  expect(one.has(510)).toBe(false);
  expect(statSync(join(dir, "ids")).mode & 0o777).toBe(0o700);
});

test("the owner of an existing folder is its id, whatever is reserved", async () => {
  const { uid, gid } = statSync(dir);
  const book = open(uid, uid + 9);
  mkdirSync(join(dir, "mine"));
  expect(await book.idOf([join(dir, "mine")], "uid")).toBe(uid);
  expect(await open(gid, gid + 9).idOf([join(dir, "mine")], "gid")).toBe(gid);
});

test("an id that is requested again is in use from then on, even before its folders exist", async () => {
  const [one, other] = [open(500, 501), open(500, 501)];
  for (const name of ["a", "b"]) await one.idOf(pathsOf(name), "uid");
  for (const id of [500, 501]) age(id);
  expect(await one.idOf(pathsOf("a"), "uid")).toBe(500);
  expect(await other.idOf(pathsOf("c"), "uid")).toBe(501);
});

test("any remaining folder of an issue keeps its id reserved", async () => {
  const { uid } = statSync(dir);
  const book = open(uid, uid);
  const [tree = "", home = ""] = pathsOf("a");
  mkdirSync(tree, { recursive: true });
  expect(await book.idOf([tree], "uid")).toBe(uid);
  expect(await book.idOf([tree, home], "uid")).toBe(uid);
  rmSync(tree, { recursive: true });
  mkdirSync(home);
  age(uid);
  await expect(book.idOf(pathsOf("b"), "uid")).rejects.toThrow("in use");
});

test("two books never change the same reservations at the same time", async () => {
  const book = open(500, 509);
  const lock = join(dir, "ids", "lock");
  writeFileSync(lock, "");
  const path = pathsOf("a")[0] ?? "";
  // While the book waits, another book reserves the first id for the same paths.
  const script = `echo; until grep -q -- "-> FLOCK .*:${statSync(lock).ino} " /proc/locks; do sleep 0.01; done; echo "$1" >"$2"`;
  const other = spawn("flock", [lock, "sh", "-c", script, "sh", path, join(dir, "ids", "503")]);
  await once(other.stdout, "data");
  expect(await book.idOf(pathsOf("a"), "uid")).toBe(503);
  other.kill();
});

test("an id is free again when its folders and their quarantined copies are removed, but a new id is not", async () => {
  const book = open(500, 502);
  const ids: number[] = [];
  for (const name of ["a", "b", "c"]) ids.push(await book.idOf(pathsOf(name), "uid"));
  expect(ids).toEqual([500, 501, 502]);
  await expect(book.idOf(pathsOf("d"), "uid")).rejects.toThrow("all user ids for agents (500 to 502) are in use");
  for (const id of [500, 501]) age(id);
  mkdirSync(join(dir, "a"));
  writeFileSync(join(dir, "a", "git.kept-1"), "");
  expect(await book.idOf(pathsOf("d"), "uid")).toBe(501);
  await expect(book.idOf(pathsOf("e"), "uid")).rejects.toThrow("in use");
  rmSync(join(dir, "a", "git.kept-1"));
  expect(await book.idOf(pathsOf("e"), "uid")).toBe(500);
});

test("waiting for the book blocks nothing else, and ends with the signal", async () => {
  const book = open(500, 509);
  const lock = join(dir, "ids", "lock");
  writeFileSync(lock, "");
  const other = spawn("flock", [lock, "sh", "-c", "echo; cat"]);
  await once(other.stdout, "data");
  const [id, ended] = [book.idOf(pathsOf("a"), "uid"), new AbortController()];
  const given = book.idOf(pathsOf("b"), "uid", ended.signal);
  ended.abort(new Error("the work was stopped"));
  await expect(given).rejects.toThrow("the work was stopped");
  // The other process waits for this input to end.
  other.stdin.end();
  expect(await id).toBe(500);
});

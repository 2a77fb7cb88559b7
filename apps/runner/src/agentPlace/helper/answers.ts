import { isAbsolute, resolve } from "node:path";
import type { Entry, Found, Kind } from "../../files/files.ts";
import type { GitAnswer } from "../../git/runGit.ts";
import type { StartFolder } from "../onDisk.ts";
import { decodeEntries } from "./entries.ts";
import { MAX_MESSAGE, MAX_ERROR_TEXT, type Answer } from "./protocol.ts";

// Pure. An agent may control a helper, so its answers are hostile input. Each function parses one kind of answer, and throws
// WrongAnswer if the answer has a wrong form.

/** An answer of a helper has a wrong form. The message completes "gave a wrong answer: ". */
export class WrongAnswer extends Error {}

export function readAnswer(header: unknown): Answer {
  const { id, kind, value, code, message } = fieldsOf(header);
  if (!isCount(id)) throw new WrongAnswer("an answer without an id");
  if (kind === "chunk") return { id, kind };
  if (kind === "value") return { id, kind, value };
  if (kind !== "error") throw new WrongAnswer("an answer of no known kind");
  if (typeof message !== "string" || message.length > MAX_MESSAGE) throw new WrongAnswer("an error without a message");
  if (code === null) return { id, kind, code, message };
  if (typeof code !== "string" || !/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) throw new WrongAnswer("an error's code");
  return { id, kind, code, message };
}

export function readNothing(value: unknown, payload: Buffer): void {
  if (value !== null || payload.length > 0) throw new WrongAnswer("an unexpected value");
}

export function readBoolean(value: unknown, payload: Buffer): boolean {
  if (typeof value !== "boolean" || payload.length > 0) throw new WrongAnswer("neither true nor false");
  return value;
}

const KINDS: readonly unknown[] = ["file", "folder", "link", "other"] satisfies Kind[];

export function readFound(value: unknown, payload: Buffer): Found | null {
  if (payload.length > 0) throw new WrongAnswer("a file's status with additional bytes");
  if (value === null) return null;
  const { kind, size, used, mtimeMs, ctimeMs } = fieldsOf(value);
  if (!KINDS.includes(kind)) throw new WrongAnswer("an unknown kind of file");
  if (!isAmount(size) || !isAmount(used) || !isNumber(mtimeMs) || !isNumber(ctimeMs)) {
    throw new WrongAnswer("a file's status without its numbers");
  }
  return { kind: kind as Kind, size, used, mtimeMs, ctimeMs };
}

export function readContent(value: unknown, payload: Buffer): Buffer | null {
  if (typeof value !== "boolean" || (!value && payload.length > 0)) throw new WrongAnswer("content of a missing file");
  return value ? payload : null;
}

export function readEntries(value: unknown, payload: Buffer, max: number): Entry[] {
  const entries = value === null ? decodeEntries(payload, max) : null;
  if (entries === null) throw new WrongAnswer("an invalid list of names");
  return entries;
}

export function readRealPath(value: unknown, payload: Buffer): string {
  if (typeof value !== "string" || payload.length > 0 || value.includes("\0")) throw new WrongAnswer("an invalid path");
  if (!isAbsolute(value) || resolve(value) !== value) throw new WrongAnswer("a path that is not absolute");
  return value;
}

export interface GitResult {
  readonly answer: GitAnswer;
  readonly folder: StartFolder;
}

const FOLDERS: readonly unknown[] = ["folder", "missing", "other"] satisfies StartFolder[];

export function readGitEnd(value: unknown, payload: Buffer, maxBytes: number): GitResult {
  const { code, output, how, folder } = fieldsOf(value);
  if (!isExit(code) || !FOLDERS.includes(folder)) throw new WrongAnswer("an invalid end of a git command");
  if (typeof how !== "string" || how.length > MAX_MESSAGE) throw new WrongAnswer("an invalid end of a git command");
  const errorText = isCount(output) && output <= maxBytes ? payload.length - output : -1;
  if (!isCount(output) || errorText < 0 || errorText > MAX_ERROR_TEXT)
    throw new WrongAnswer("more than a git command may print");
  const stderr = payload.toString("utf8", output).trim();
  const bytes = payload.subarray(0, output);
  return {
    answer: { code: code ?? undefined, bytes, stderr, errorText: stderr || how },
    folder: folder as StartFolder,
  };
}

export interface StreamResult {
  readonly code: number | undefined;
  readonly errorText: string;
  readonly timedOut: boolean;
}

export function readStreamEnd(value: unknown, payload: Buffer): StreamResult {
  const { code, timedOut } = fieldsOf(value);
  if (!isExit(code) || typeof timedOut !== "boolean") throw new WrongAnswer("an invalid end of a git command");
  return { code: code ?? undefined, errorText: payload.toString("utf8").trim(), timedOut };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new WrongAnswer("an answer without its fields");
  return value as Record<string, unknown>;
}

function isExit(code: unknown): code is number | null {
  return code === null || (isCount(code) && code <= 255);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isAmount(value: unknown): value is number {
  return isNumber(value) && value >= 0;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

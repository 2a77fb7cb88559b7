import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * One-time links to the board. Each link is a file in the data folder: its name is the SHA-256 of the token, its content the time at
 * which the link expires (epoch ms). So the files are not enough to sign in.
 *
 * States: `open` (the file exists), then `used`, `expired` or `withdrawn` (it does not). `tac8 open` and `tac8 up` create links, and only
 * the board uses them. The file is removed by one unlink(2), which succeeds once.
 */
const FOLDER = "board-links";
const NAME = /^[0-9a-f]{64}$/;
const TOKEN = /^[A-Za-z0-9_-]{22}$/;
/** 128 bits, 22 characters: the whole link fits into a terminal of 80 columns. */
const TOKEN_BYTES = 16;

/** Lifetime of a link that an operator requests. */
export const LINK_MS = 10 * 60_000;
/** Lifetime of the link on the first screen, which a user may open later. */
export const FIRST_LINK_MS = 60 * 60_000;

interface LinkOptions {
  /** The data folder. */
  readonly dataFolder: string;
  /** Epoch ms. */
  readonly now: number;
}

/** Create a link to the board at `url` that signs in once, within `lifeMs`. @throws Error when the data folder is not writable */
export function createLink(
  url: string,
  { dataFolder, now, lifeMs }: LinkOptions & { readonly lifeMs: number },
): string {
  const folder = join(dataFolder, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeLinks(dataFolder, (expires) => !(now < expires));
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  writeFileSync(join(folder, nameOf(token)), String(now + lifeMs), { flag: "wx", mode: 0o600 });
  return `${url}/open?token=${token}`;
}

/** Use the link with this token. @returns whether it was still open; of two callers at the same time, only one gets true */
export function useLink(token: string, { dataFolder, now }: LinkOptions): boolean {
  if (!TOKEN.test(token)) return false;
  const path = join(dataFolder, FOLDER, nameOf(token));
  try {
    const expires = expiryIn(path);
    unlinkSync(path);
    return now < expires;
  } catch {
    return false; // The link does not exist, or its file cannot be removed, so that it would work twice.
  }
}

/** Withdraw all links. The board does this when it starts, because another program may have had its address, and received links, before. */
export function withdrawLinks(dataFolder: string): void {
  removeLinks(dataFolder, () => true);
}

function removeLinks(dataFolder: string, isOver: (expires: number) => boolean): void {
  for (const name of linksIn(dataFolder)) {
    const path = join(dataFolder, FOLDER, name);
    try {
      if (isOver(expiryIn(path))) rmSync(path, { force: true });
    } catch {
      // Another process has just used it, or this user must not remove it. It expires in both cases.
    }
  }
}

function linksIn(dataFolder: string): string[] {
  try {
    return readdirSync(join(dataFolder, FOLDER)).filter((name) => NAME.test(name));
  } catch {
    return []; // No link was ever created.
  }
}

/** Return when a link expires; NaN, which counts as expired, for an incomplete file. */
function expiryIn(path: string): number {
  const text = readFileSync(path, "utf8");
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function nameOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

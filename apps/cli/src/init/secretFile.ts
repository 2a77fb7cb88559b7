import { messageOf } from "@tac8/core/domain/messageOf";
import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { readFileSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { Problem } from "../problems/problem.ts";

/** Write a secret to a file that only this user can read. @throws Problem */
export async function writeSecret(path: string, secret: string): Promise<void> {
  try {
    makeDataFolder(dirname(path));
    await writeWholeFile(path, `${secret}\n`);
  } catch (error) {
    throw new Problem(`cannot write the secret to ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Link to the file of a secret, so that a new secret in that file is used at the next start. @throws Problem */
export function linkSecret(path: string, target: string): void {
  if (path === target) return;
  try {
    makeDataFolder(dirname(path));
    rmSync(`${path}.new`, { force: true });
    symlinkSync(target, `${path}.new`);
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new Problem(`cannot create ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Check a file with a secret. `open`: other users can read it. @throws Problem if the file has no secret */
export function checkSecret(path: string): { readonly open: boolean } {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Problem(`cannot read the token file: ${messageOf(error)}`, { cause: error });
  }
  if (text.trim() === "") throw new Problem(`the token file ${path} is empty`);
  return { open: (statSync(path).mode & 0o077) !== 0 };
}

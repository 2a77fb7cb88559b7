import { messageOf } from "@tac8/core/domain/messageOf";
import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { readFileSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { Problem } from "../problems/problem.ts";

/** Puts a secret into a file of the data folder that only this user can read. @throws Problem */
export async function writeSecret(path: string, secret: string): Promise<void> {
  try {
    makeDataFolder(dirname(path));
    await writeWholeFile(path, `${secret}\n`);
  } catch (error) {
    throw new Problem(`cannot write the secret to ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Leaves the secret where it is, so that a new one in that file counts at the next start. @throws Problem */
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

/** Whether others may read it. @throws Problem when it has no secret in it */
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

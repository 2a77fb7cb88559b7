import { messageOf } from "@tac8/core/domain/messageOf";
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { readOrCreateSecret } from "@tac8/core/app/readOrCreateSecret";
import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { StartupProblem } from "@tac8/core/app/main";
import { storedSecret } from "@tac8/core/config/environment";
import type { Config } from "@tac8/core/config/resolve";

/** The secrets of the board. They are stored in files of the data folder, which only its owner can read, so they outlive a restart. */
export interface AccessSecrets {
  readonly password: string;
  /** Path of the file with the password; null: the password is configured. */
  readonly passwordFile: string | null;
  /** Null: none is configured, and none can be stored. */
  readonly metricsToken: string | null;
  /** Signs sessions. */
  readonly key: string;
  /** Log lines about secrets that could not be stored. */
  readonly warnings: readonly string[];
}

const KEY_FILE = "board-key";

/** 24 characters that can be typed. */
export function makePassword(): string {
  return randomBytes(18).toString("base64url");
}

/** Read the secrets, or create them. @throws StartupProblem if a new password cannot be stored, because no operator could know it */
export function readSecrets({ dataFolder, secrets }: Pick<Config, "dataFolder" | "secrets">): AccessSecrets {
  const passwordFile = storedSecret(dataFolder, "TAC8_BOARD_PASSWORD");
  const tokenFile = storedSecret(dataFolder, "TAC8_METRICS_TOKEN");
  const warnings: string[] = [];
  const attempt = (path: string, lost: string): string | null => {
    try {
      return keptSecret(dataFolder, path);
    } catch (error) {
      warnings.push(`cannot store ${path} (${messageOf(error)}): ${lost}`);
      return null;
    }
  };
  let password = secrets.boardPassword;
  const isKept = password === null || secrets.boardPasswordSource === passwordFile;
  try {
    password ??= keptSecret(dataFolder, passwordFile);
  } catch (error) {
    const advice = "make that folder writable, or set TAC8_BOARD_PASSWORD";
    throw new StartupProblem(`cannot store the board's password in ${passwordFile}: ${messageOf(error)}: ${advice}`, {
      cause: error,
    });
  }
  const keyFile = join(dataFolder, KEY_FILE);
  const key = attempt(keyFile, "users have to sign in again after each start of the board");
  if (key !== null && (statSync(keyFile).mode & 0o077) !== 0) {
    warnings.push(`other users can read ${keyFile}: remove it and restart the board, which ends all sessions`);
  }
  return {
    password,
    passwordFile: isKept ? passwordFile : null,
    metricsToken: secrets.metricsToken ?? attempt(tokenFile, "/metrics accepts only the board's password"),
    key: key ?? makePassword(),
    warnings,
  };
}

function keptSecret(dataFolder: string, path: string): string {
  return readOrCreateSecret(path, { make: makePassword, prepare: () => void makeDataFolder(dataFolder) });
}

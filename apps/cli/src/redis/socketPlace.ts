import { messageOf } from "@tac8/core/domain/messageOf";
import { MAX_SOCKET_PATH } from "@tac8/core/config/redisUrl";
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../problems/problem.ts";
import { redisFolder } from "./record.ts";

const NAME = "redis.sock";

/**
 * Create the folder, with mode 0700, for the socket of Redis, and return the path of the socket: in the data folder or, if that
 * path is too long for a socket, in a folder below /tmp. The path is always the same, so that clients find a restarted Redis. It is
 * not below `$XDG_RUNTIME_DIR`, which is removed when the user logs out, although tac8 continues.
 * @throws Problem if the folder below /tmp belongs to another user, or is accessible to one
 */
export function makeSocketPlace(dataFolder: string): string {
  const own = redisFolder(dataFolder);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  try {
    chmodSync(own, 0o700); // Older versions created it with the mode of the umask.
  } catch (error) {
    throw new Problem(
      `${own}, for Redis, ${whyNotPrivate(own) ?? messageOf(error)}: chown it to the user that runs tac8`,
      {
        cause: error,
      },
    );
  }
  const inHome = join(own, NAME);
  if (Buffer.byteLength(inHome) <= MAX_SOCKET_PATH) return inHome;
  const folder = shortFolder(dataFolder);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const trouble = whyNotPrivate(folder);
  if (trouble !== null) {
    throw new Problem(
      `${folder}, for the socket of Redis, ${trouble}: remove it, or set TAC8_HOME to a folder with a shorter path`,
    );
  }
  return join(folder, NAME);
}

/** Return a short path that depends on the user and the data folder. */
function shortFolder(dataFolder: string): string {
  const id = createHash("sha256").update(realpathSync(dataFolder)).digest("hex").slice(0, 16);
  return `/tmp/tac8-${process.getuid?.() ?? 0}-${id}`;
}

/** Return why a folder is not private; null: only this user can access it. Another user may have created it, even as a link. */
function whyNotPrivate(folder: string): string | null {
  const found = lstatSync(folder);
  if (!found.isDirectory()) return "is not a folder";
  if (found.uid !== process.getuid?.()) return "belongs to another user";
  return (found.mode & 0o077) === 0 ? null : "is accessible to other users";
}

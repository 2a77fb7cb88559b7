import type { ThrottledLog } from "@tac8/core/log/throttleLog";
import { countGuesses, type Guesses } from "./guesses.ts";
import type { AccessKeys } from "./keys.ts";

/** Keys, counts and settings of the pages for signing in. */
export interface Access {
  readonly keys: AccessKeys;
  readonly guesses: Guesses;
  /** Data folder, with the links that are still open. */
  readonly home: string;
  /** Command that prints a link, as the reader may see it. */
  readonly openCommand: string;
  /** `https://…` of `board.url`: who comes by it gets a cookie for HTTPS alone; null: none. */
  readonly secureHost: string | null;
  /** Epoch ms. */
  readonly now: () => number;
  /** Counts and logs a wrong password. */
  noteWrong(address: string): void;
  /** Logs who came in. */
  noteSignIn(address: string, by: "link" | "password"): void;
}

export function createAccess(
  given: Pick<Access, "keys" | "home" | "openCommand" | "secureHost" | "now"> & {
    /** For wrong passwords alone: their flood must not keep other lines out of the log. */
    readonly warn: ThrottledLog;
    readonly info: (line: string) => void;
  },
): Access {
  const { warn, info, ...rest } = given;
  const guesses = countGuesses(given.now);
  return {
    ...rest,
    guesses,
    noteWrong(address) {
      const { count, wait } = guesses.wrong(address);
      const then = wait > 0 ? `; the next attempt is accepted in ${Math.ceil(wait / 1000)} s` : "";
      warn("warn", { address }, `wrong password from ${address} (${count} so far)${then}`);
    },
    noteSignIn: (address, by) => info(`signed in by ${by} from ${address}`),
  };
}

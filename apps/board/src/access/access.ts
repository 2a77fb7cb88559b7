import type { ThrottledLog } from "@tac8/core/log/throttleLog";
import { countGuesses, type Guesses } from "./guesses.ts";
import type { AccessKeys } from "./keys.ts";

/** Keys, counts and settings of the sign-in pages. */
export interface Access {
  readonly keys: AccessKeys;
  readonly guesses: Guesses;
  /** Data folder, which has the links that are not used yet. */
  readonly dataFolder: string;
  /** Command that prints a link, as the sign-in page shows it. */
  readonly openCommand: string;
  /** Host of `board.url` if that is an HTTPS address: at this host, the cookie is for HTTPS only; null: none. */
  readonly secureHost: string | null;
  /** Epoch ms. */
  readonly now: () => number;
  /** Count and log a wrong password. */
  noteWrong(address: string): void;
  /** Log a sign-in. */
  noteSignIn(address: string, by: "link" | "password"): void;
}

export function createAccess(
  given: Pick<Access, "keys" | "dataFolder" | "openCommand" | "secureHost" | "now"> & {
    /** Only for wrong passwords, so that many of them do not suppress other log lines. */
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

import { addressFor, readBoardAddress } from "@tac8/core/board/address";
import { FIRST_LINK_MS, createLink } from "@tac8/core/board/links";

/** Lines about the board on the first screen. */
export interface BoardLines {
  readonly url: string;
  /** Ways to sign in. */
  readonly notes: readonly string[];
}

/**
 * Return the lines about the board: on a terminal, a link that signs in; otherwise, such as in a file or a journal that other users
 * may read, only the address and how to get a link.
 * @throws Error if the data folder is not writable
 */
export function boardLines(given: {
  /** Address that the board has logged. */
  readonly logged: string;
  readonly dataFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Command that prints a link. */
  readonly openCommand: string;
  readonly isTerminal: boolean;
  /** Epoch ms. */
  readonly now: number;
}): BoardLines {
  const { logged, dataFolder, env, openCommand, isTerminal, now } = given;
  const noted = readBoardAddress(dataFolder);
  const address =
    noted !== null && addressFor(noted, {}).url === logged
      ? noted
      : { listens: logged, url: logged, everywhere: false };
  const { url, hint } = addressFor(address, env);
  const hints = hint === null ? [] : [hint];
  if (!isTerminal) return { url, notes: [`To sign in: ${openCommand}`, ...hints] };
  const notes = [`The link works once, within an hour. For a new link: ${openCommand}`, ...hints];
  return { url: createLink(url, { dataFolder, now, lifeMs: FIRST_LINK_MS }), notes };
}

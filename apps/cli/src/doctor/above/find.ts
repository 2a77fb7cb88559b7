import { realPathOf } from "@tac8/core/config/realPath";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { FOUND_UPWARDS } from "./names.ts";

/** A file or folder that programs in a workspace find although it is none of the repository's. */
export interface FileAbove {
  readonly path: string;
  readonly effect: string;
}

/**
 * What programs that work below a folder find in it and above it.
 * @param folder absolute; need not be there
 * @param userHome the user's own home folder, where some of it is usual; null: there is none
 */
export function findAbove(folder: string, userHome: string | null): FileAbove[] {
  return foldersAbove(folder).flatMap((place) =>
    namesIn(place)
      .toSorted()
      .flatMap((name) => {
        const found = FOUND_UPWARDS.find(({ names }) => names.some((pattern) => pattern.test(name)));
        if (found === undefined || (found.usualInHome === true && place === userHome)) return [];
        return [{ path: join(place, name), effect: found.effect }];
      }),
  );
}

/**
 * The nearest folder above that is a git checkout, or the folder itself; null: there is none.
 * @param userHome a home folder that is under git as a whole counts as none
 */
export function checkoutAbove(folder: string, userHome: string | null): string | null {
  const isCheckout = (place: string) => place !== userHome && existsSync(join(place, ".git"));
  return foldersAbove(folder).find(isCheckout) ?? null;
}

/** The folder and all above it, the nearest first: as it is called, and where links lead. */
function foldersAbove(folder: string): string[] {
  return [...new Set([folder, realPathOf(folder)].flatMap(upwards))];
}

function upwards(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upwards(above)];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Not there, or not ours to read: then no program of ours reads it.
  }
}

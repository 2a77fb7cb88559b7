import { realPathOf } from "@tac8/core/config/realPath";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { FOUND_UPWARDS } from "./names.ts";

/** A file or folder outside the repository that programs in a workspace find. */
export interface FileAbove {
  readonly path: string;
  readonly effect: string;
}

/**
 * Return the files in a folder and above it that affect programs that run below it.
 * @param folder absolute; need not exist
 * @param userHome the user's home folder, in which some of these files are usual; null: there is none
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
 * Return the nearest Git checkout that contains the folder or is the folder itself; null: there is none.
 * @param userHome the user's home folder, which does not count even if it is a checkout
 */
export function checkoutAbove(folder: string, userHome: string | null): string | null {
  const isCheckout = (place: string) => place !== userHome && existsSync(join(place, ".git"));
  return foldersAbove(folder).find(isCheckout) ?? null;
}

/** Return the folder and all folders above it, nearest first, by the given path and by its real path. */
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
    return []; // Missing, or not readable by this user, so agents cannot read it either.
  }
}

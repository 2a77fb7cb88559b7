import { randomBytes } from "node:crypto";
import type { Replacement } from "./replaceBytes.ts";

/** Beginnings of well-known keys, by which programs decide what a key is; they say nothing of it. */
const PREFIX = /^(?:sk-ant-[a-z]{2,8}\d\d-|sk-proj-|sk-or-v1-|sk-svcacct-|sk-|gsk_|xai-|AIza|key-)/;

/** A key of the same form and length that opens nothing: the agent's, in place of the real one. */
export function standInFor(real: string): string {
  const prefix = PREFIX.exec(real)?.[0] ?? "";
  for (;;) {
    const tail = randomBytes(real.length)
      .toString("base64url")
      .slice(0, Math.max(0, real.length - prefix.length));
    if (prefix + tail !== real || real.length === prefix.length) return prefix + tail;
  }
}

/** A shorter value may be a part of an innocent one by chance: it is replaced only where it is all of it. */
const MIN_PART = 8;

/** The environment with the stand-in wherever the real key was. */
export function withStandIns(
  env: Readonly<Record<string, string>>,
  pairs: readonly Replacement[],
): Record<string, string> {
  const replaced = (value: string): string =>
    pairs.reduce((text, { find, by }) => {
      if (find.length < MIN_PART) return text === find ? by : text;
      return text.replaceAll(find, by);
    }, value);
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, replaced(value)]));
}

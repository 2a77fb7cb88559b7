import type { Replacement } from "./replaceBytes.ts";

/** Beginnings of well-known keys, by which programs detect the type of a key; they are not secret. */
const PREFIX = /^(?:sk-ant-[a-z]{2,8}\d\d-|sk-proj-|sk-or-v1-|sk-svcacct-|sk-|gsk_|xai-|AIza|key-)/;

/** Return a placeholder: a random key of the same form and length as the real one. */
export function placeholderFor(real: string): string {
  // Loaded at the first key: it takes 8 ms.
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  const prefix = PREFIX.exec(real)?.[0] ?? "";
  for (;;) {
    const tail = randomBytes(real.length)
      .toString("base64url")
      .slice(0, Math.max(0, real.length - prefix.length));
    if (prefix + tail !== real || real.length === prefix.length) return prefix + tail;
  }
}

/** A shorter value may be part of another value by chance, so it is replaced only if it is the whole value. */
const MIN_PART = 8;

/** Return the environment with the placeholder in place of the real key. */
export function withPlaceholders(
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

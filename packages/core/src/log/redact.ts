const MARK = "[redacted]";

/** Shorter strings are words, not secrets: taking them out everywhere would only garble the text. */
const MIN_SECRET_LENGTH = 6;

/** A string longer than this is cut in a log line. */
const MAX_LOGGED_STRING = 16_384;

/**
 * What gives a secret away by its form. No `\b` in front: in JSON text `\n` ends in a letter. Every repetition that
 * can begin anywhere is bounded, so that a line of megabytes stays linear.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // An installation token may end in a JSON web token, which has dots.
  [/gh[pousr]_[A-Za-z0-9_]{10,}(?:[.][A-Za-z0-9_-]{1,4000}){0,2}/g, MARK],
  [/-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]{1,10000}(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?/g, MARK],
  [/github_pat_[A-Za-z0-9_]{10,}/g, MARK],
  [/sk-ant-[A-Za-z0-9_-]{10,}/g, MARK],
  [
    /(authorization["'\\]{0,4}\s{0,4}[:=]\s{0,4}["'\\]{0,4}(?:(?:basic|bearer|token)\s{1,4})?)[^\s"'\\,]+/gi,
    `$1${MARK}`,
  ],
  [/([a-z]{2,10}:\/\/[^\s/@"'\\:]{0,100}:)[^\s/@"'\\]{1,500}@/gi, `$1${MARK}@`],
];

/** Secrets that this process has received since it was started, newest last, and their forms. */
const received: { readonly secret: string; readonly forms: readonly string[] }[] = [];
/** GitHub's tokens of an App live for an hour, and one is made each 50 minutes: a day's are no use to anybody. */
const MAX_RECEIVED = 32;

/**
 * From now on every redactor of this process takes the secret out as well, also one that was made before. For what is no part
 * of the configuration, such as a token that GitHub has just made.
 */
export function learnSecret(secret: string): void {
  if (secret.length < MIN_SECRET_LENGTH || received.some((known) => known.secret === secret)) return;
  received.push({ secret, forms: longestFirst(formsOf(secret)) });
  if (received.length > MAX_RECEIVED) received.shift();
}

/** Return the values that `learnSecret` was given, oldest first. */
export function learnedSecrets(): string[] {
  return received.map(({ secret }) => secret);
}

/**
 * The text without the secrets: as they are, URL-encoded, JSON-escaped and inside base64 (so `x-access-token:<secret>`
 * of a basic authorization too), and without whatever looks like a GitHub or Anthropic token, an `Authorization` value or the
 * password of a URL. JSON text stays valid JSON. Secrets shorter than 6 characters are passed over.
 */
export function redact(text: string, secrets: readonly string[]): string {
  return createRedactor(secrets)(text);
}

/** `redact` with the secrets prepared once, for many texts. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const all = secrets.flatMap((secret) => [secret, secret.trim()]); // a header's value is trimmed when it is sent
  const forms = longestFirst(all.filter((secret) => secret.length >= MIN_SECRET_LENGTH).flatMap(formsOf));
  return (text) => {
    let result = text;
    for (const form of forms) result = result.replaceAll(form, MARK);
    for (const { forms: more } of received) for (const form of more) result = result.replaceAll(form, MARK);
    for (const [pattern, replacement] of PATTERNS) result = result.replace(pattern, replacement);
    return result;
  };
}

/** A redactor of JSON lines: works on the decoded strings, so that no escape hides a secret and the line stays JSON. */
export function createLineRedactor(secrets: readonly string[]): (line: string) => string {
  const clean = createRedactor(secrets);
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return cut(clean(value));
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        clean(key),
        /authorization$/i.test(key) && typeof inner === "string" ? MARK : walk(inner),
      ]),
    );
  };
  return (line) => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      return clean(line); // not JSON: the text is all there is
    }
    return JSON.stringify(walk(parsed)) + (line.endsWith("\n") ? "\n" : "");
  };
}

function longestFirst(forms: readonly string[]): string[] {
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length);
}

function cut(text: string): string {
  return text.length <= MAX_LOGGED_STRING ? text : `${text.slice(0, MAX_LOGGED_STRING)}… (${text.length} characters)`;
}

function formsOf(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [secret, encodeURIComponent(secret), escaped, JSON.stringify(escaped).slice(1, -1), ...base64Forms(secret)];
}

/**
 * Base64 of a longer text holds the secret in one of three alignments. The characters at both ends are shared with
 * whatever is beside the secret, so they are left out; the middle is the same in every text.
 */
export function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const partialEnd = (offset + bytes.length) % 3 === 0 ? 0 : 1;
    const middle = encoded.slice(offset === 0 ? 0 : offset + 1, encoded.length - partialEnd);
    return [middle, middle.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

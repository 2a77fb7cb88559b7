const MARK = "[redacted]";

/** Shorter strings are more likely words than secrets: to remove them everywhere would make the text unreadable. */
const MIN_SECRET_LENGTH = 6;

/** A longer string is truncated in a log line. */
const MAX_LOGGED_STRING = 16_384;

/**
 * Patterns that recognize a secret by its form. No pattern begins with `\b`, because in JSON text `\n` ends in a letter. Every
 * repetition that can begin anywhere is bounded, so that the time is linear for a line of megabytes.
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
  // The password of a URL. A pattern that begins with fixed characters is found much faster than one that begins with a scheme.
  [/(:\/\/[^\s/@"'\\:]{0,100}:)[^\s/@"'\\]{1,500}@/g, `$1${MARK}@`],
];

/** Secrets that this process has received since it was started, newest last, with their encodings. */
const received: { readonly secret: string; readonly forms: readonly string[] }[] = [];
/**
 * Maximum number of received secrets that are kept: enough for the tokens of a day. A token of a GitHub App is valid for one hour, and a
 * new one is created every 50 minutes.
 */
const MAX_RECEIVED = 32;

/**
 * Make every redactor of this process remove this secret from now on, including existing redactors. It is for secrets that are not in the
 * configuration, such as a token that GitHub has just created.
 */
export function addSecret(secret: string): void {
  if (secret.length < MIN_SECRET_LENGTH || received.some((known) => known.secret === secret)) return;
  received.push({ secret, forms: longestFirst(formsOf(secret)) });
  if (received.length > MAX_RECEIVED) received.shift();
}

/** Return the secrets that `addSecret` received, oldest first. */
export function addedSecrets(): string[] {
  return received.map(({ secret }) => secret);
}

/**
 * Remove secrets from a text: as they are, URL-encoded, JSON-escaped and inside base64 (so also in `x-access-token:<secret>` of a basic
 * authorization). Also remove every text that looks like a GitHub or Anthropic token, an `Authorization` value or the password of a
 * URL. JSON text stays valid JSON. Secrets shorter than 6 characters are ignored.
 */
export function redact(text: string, secrets: readonly string[]): string {
  return createRedactor(secrets)(text);
}

/** Return a function like `redact` that prepares the secrets once, for many texts. */
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

/** Return a redactor of JSON lines. It redacts the decoded strings, so that no escape hides a secret and the line stays valid JSON. */
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
      return clean(line); // not JSON
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
 * Return the forms that a secret can have inside base64. The base64 of a longer text contains the secret in one of three alignments. The
 * characters at both ends depend on the text beside the secret, so they are omitted; the middle is the same in every text.
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

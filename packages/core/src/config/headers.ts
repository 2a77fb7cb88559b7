/** Names of headers whose value is a secret. */
const SECRET = /auth|key|token|secret|cookie|password/;

/** Parse lines `Name: value`, like Claude Code parses ANTHROPIC_CUSTOM_HEADERS. Names are in lower case. Pure. */
export function parseHeaders(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const [, name, value] = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]];
  });
  return Object.fromEntries(lines);
}

/** Return the secrets in such lines, without a scheme such as `Bearer`. Pure. */
export function headerSecrets(text: string): string[] {
  return Object.entries(parseHeaders(text)).flatMap(([name, value]) =>
    SECRET.test(name) && value !== "" ? [value.replace(/^(?:basic|bearer|token)\s+/i, "")] : [],
  );
}

/** Return whether the text is an HTTP origin: scheme, host and port, without a path. */
export function isOrigin(text: string): boolean {
  if (!/^https?:\/\/[^\s/?#@\\]+\/?$/i.test(text) || !URL.canParse(text)) return false;
  return new URL(text).hostname !== "";
}

/**
 * The issues that a text closes when it reaches the default branch: not from code or HTML comments.
 * @param repo `owner/name` of the repository that it is in
 */
export function fixedNumbers(body: string, repo = ""): number[] {
  const reference =
    "(?:(?<name>[\\w.-]+/[\\w.-]+)?#|GH-|https?://[^\\s/]+/(?<path>[\\w.-]+/[\\w.-]+)/(?:issues|pull)/)(?<number>\\d+)\\b";
  const closing = new RegExp(`\\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\\s+${reference}`, "gi");
  return [...withoutCode(body).matchAll(closing)].flatMap(({ groups }) => {
    const named = groups?.["name"] ?? groups?.["path"] ?? repo;
    return named.toLowerCase() === repo.toLowerCase() ? [Number(groups?.["number"])] : [];
  });
}

/** The people and teams that a text notifies: not from code or HTML comments. */
export function mentionedIn(body: string): string[] {
  return [...withoutCode(body).matchAll(/(?<![A-Za-z0-9_])@([a-z\d][a-z\d-]*(?:\/[a-z\d](?:[\w.-]*\w)?)?)/gi)].map(
    ([, name = ""]) => name,
  );
}

function withoutCode(body: string): string {
  return body
    .replace(/<!--[\s\S]*?(?:-->|$)/g, " ")
    .replace(/^(?:> ?)*(```+|~~~+)[\s\S]*?(?:^(?:> ?)*\1|$(?![\s\S]))/gm, " ")
    .replace(/(`+)[\s\S]*?\1/g, " ");
}

import type { NotifyAddresses } from "../config/resolve.ts";
import type { Message, MessageKind } from "./message.ts";

export type TargetName = "slack" | "ntfy" | "webhook";

/** A service that receives notifications. */
export interface Target {
  readonly name: TargetName;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body of the POST, JSON. */
  readonly body: (message: Message) => object;
}

/** Return the configured targets. Pure. */
export function targetsOf({ slackUrl, ntfyUrl, ntfyToken, webhookUrl }: NotifyAddresses): Target[] {
  const targets: Target[] = [];
  if (slackUrl !== null) targets.push({ name: "slack", url: slackUrl, headers: {}, body: slackBody });
  if (ntfyUrl !== null) targets.push(ntfy(ntfyUrl, ntfyToken));
  if (webhookUrl !== null) targets.push({ name: "webhook", url: webhookUrl, headers: {}, body: webhookBody });
  return targets;
}

/** https://docs.slack.dev/messaging/formatting-message-text: three characters have a meaning in Slack. */
function slackBody({ title, text, url }: Message): object {
  const escape = (part: string) => part.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const link = url === null ? "" : `\n<${escape(url)}>`;
  return { text: `*${escape(title)}*\n${escape(text)}${link}` };
}

/** https://docs.ntfy.sh/publish/#publish-as-json: the request goes to the server's root, with the topic in its body; headers would be limited to ASCII. */
function ntfy(address: string, token: string | null): Target {
  const url = new URL(address);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const topic = decodeURIComponent(parts.pop() ?? "");
  url.pathname = `/${parts.join("/")}`;
  return {
    name: "ntfy",
    url: url.href,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    body: ({ kind, title, text, url: click }) => ({
      topic,
      title,
      message: text === "" ? title : text,
      priority: PRIORITY[kind],
      tags: [TAG[kind]],
      ...(click === null ? {} : { click }),
    }),
  };
}

/** Priority in ntfy, 1 to 5; the default is 3. */
const PRIORITY: Record<MessageKind, number> = {
  blocked: 4,
  answered: 3,
  failed: 4,
  "hold-begun": 4,
  "hold-ended": 3,
  pr: 3,
  summary: 2,
  test: 3,
};

/** Emoji names in ntfy. */
const TAG: Record<MessageKind, string> = {
  blocked: "question",
  answered: "speech_balloon",
  failed: "x",
  "hold-begun": "pause_button",
  "hold-ended": "arrow_forward",
  pr: "white_check_mark",
  summary: "bar_chart",
  test: "wave",
};

/** Documented in docs/notifications.md. */
function webhookBody({ id, kind, at, title, text, issue, url }: Message): object {
  return { v: 1, id, kind, at, title, text, issue, url };
}

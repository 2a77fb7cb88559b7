import type { NotifyAddresses } from "../config/resolve.ts";
import type { Message, MessageKind } from "./message.ts";

export type TargetName = "slack" | "ntfy" | "webhook";

/** A place that is told. */
export interface Target {
  readonly name: TargetName;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body of the POST, JSON. */
  readonly body: (message: Message) => object;
}

/** Pure. */
export function targetsOf({ slackUrl, ntfyUrl, ntfyToken, webhookUrl }: NotifyAddresses): Target[] {
  const targets: Target[] = [];
  if (slackUrl !== null) targets.push({ name: "slack", url: slackUrl, headers: {}, body: slackBody });
  if (ntfyUrl !== null) targets.push(ntfy(ntfyUrl, ntfyToken));
  if (webhookUrl !== null) targets.push({ name: "webhook", url: webhookUrl, headers: {}, body: webhookBody });
  return targets;
}

/** https://docs.slack.dev/messaging/formatting-message-text: three characters are Slack's own. */
function slackBody({ title, text, url }: Message): object {
  const escape = (part: string) => part.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const link = url === null ? "" : `\n<${escape(url)}>`;
  return { text: `*${escape(title)}*\n${escape(text)}${link}` };
}

/** https://docs.ntfy.sh/publish/#publish-as-json: to the server's root, with the topic inside; headers would be ASCII only. */
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

/** 1 to 5; 3 is ordinary. */
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

/** Names of emoji. */
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

import { formatCount, formatShort, formatUsd } from "@tac8/core/domain/formats";
import { tokensIn } from "@tac8/core/domain/usage";
import { isToolResult, type OutlineEntry } from "@tac8/core/conversation/outline";
import { describeTodo } from "@tac8/core/conversation/todo";
import type { LiveEvent } from "@tac8/core/conversation/event";
import { html, type Html } from "../pages/html.ts";

/** Maximum size of an output that is shown unfolded. */
const SHORT_LINES = 8;
const SHORT_CHARS = 700;

/** One entry of the conversation, with its nested entries. All content is escaped. */
export function entryItem(id: string | null, entry: OutlineEntry): Html {
  const { event, times } = entry;
  const tone = event.isError === true ? "bad" : "";
  return html`<li ${id !== null && html`id="${id}"`} class="entry ${event.kind} ${tone}">
    <div class="body">${body(entry)} ${times > 1 && html`<span class="dim">${times} times</span>`}</div>
    ${clock(event.at)}
  </li>`;
}

function body(entry: OutlineEntry): Html | null {
  const { event } = entry;
  switch (event.kind) {
    case "tool":
      return toolCall(entry);
    case "todo":
      return todoList(event);
    case "tool-result":
    case "output":
      return output(event);
    case "thinking":
      return folded(event.text, "thought", (text) => html`<p class="words">${text}</p>`);
    case "init":
      return html`<p class="words">started: ${event.text}</p>`;
    case "result":
      return result(event);
    case "text":
    case "notice":
      return html`<p class="words">${event.text}</p>`;
    default:
      event.kind satisfies never;
      return html`<p class="words">${event.text}</p>`; // An entry of another version.
  }
}

function toolCall(entry: OutlineEntry): Html {
  const { event, children } = entry;
  const answers = children.filter((child) => isToolResult(child, entry));
  const others = children.filter((child) => !isToolResult(child, entry));
  const [main = "", ...more] = event.text.split("\n");
  const rest = more.join("\n");
  return html`<p class="call"><b>${event.tool ?? "tool"}</b> <code>${main}</code></p>
    ${rest !== "" && folded(rest, null, (text) => html`<pre class="output">${text}</pre>`)}
    ${
      others.length > 0 &&
      html`<ol>
        ${others.map((child) => entryItem(null, child))}
      </ol>`
    }
    ${answers.map((answer) => output(answer.event))}`;
}

function output({ text, isError }: LiveEvent): Html | null {
  if (text === "") return null;
  const pre = (all: string) => html`<pre class="output ${isError === true && "bad"}">${all}</pre>`;
  return isError === true ? pre(text) : folded(text, null, pre);
}

/** Fold a long text. `name`: the summary of the folded text; null: its first line. */
function folded(text: string, name: string | null, show: (text: string) => Html): Html {
  const lines = text.split("\n");
  if (lines.length <= SHORT_LINES && text.length <= SHORT_CHARS) return show(text);
  const size = lines.length > SHORT_LINES ? `${lines.length} lines` : `${formatShort(text.length)} characters`;
  return html`<details class="long">
    <summary>${name ?? lines[0]?.slice(0, 120) ?? ""} · ${size}</summary>
    ${show(text)}
  </details>`;
}

function todoList({ todo = [] }: LiveEvent): Html {
  return html`<p class="dim">${describeTodo(todo)}</p>
    <ul class="todo">
      ${todo.map(({ text, status }) => html`<li class="${status}">${text}</li>`)}
    </ul>`;
}

function result({ text, figures, turns, isError }: LiveEvent): Html {
  const sums = [
    ...(turns === undefined ? [] : [formatCount(turns, "round")]),
    ...(figures === undefined ? [] : [`${formatShort(tokensIn(figures))} tokens`, formatUsd(figures.costUsd)]),
  ].join(" · ");
  return html`<p><b>${isError === true ? "Ended with an error" : "Done"}</b> <span class="dim">${sums}</span></p>
    ${text !== "" && html`<p class="words">${text}</p>`}`;
}

function clock(at: number): Html | null {
  if (!(Math.abs(at) < 8.64e15)) return null;
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return html`<time class="clock" datetime="${date.toISOString()}">${text}</time>`;
}

import { runApp } from "@tac8/core/app/main";
import { start } from "./start.ts";

const { env } = process;
// Set by `tac8 up` and by compose: the command as users call it there. In a container, the output also has the link.
const openCommand = env["TAC8_OPEN_COMMAND"];
const showLink = (link: string) => {
  const another = openCommand || "tac8 open";
  process.stdout.write(`Board: ${link}\nThe link works once, within an hour. For a new link: ${another}\n`);
};

await runApp("board", (config, deps) =>
  start(config, {
    ...deps,
    ...(openCommand ? { openCommand } : {}),
    ...(env["TAC8_BOARD_SHOW_LINK"] === "1" ? { onLink: showLink } : {}),
  }),
);

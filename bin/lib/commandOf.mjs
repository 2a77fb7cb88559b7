/** The command that a command line names: its first word that is neither an option nor the value of `--config`. */
export function commandOf(args) {
  return args.find((word, index) => !word.startsWith("-") && args[index - 1] !== "--config");
}

/** Title of the process of a command line, `tac8 up`: an agent that runs `pkill node` means its own processes. */
export function titleOf(args) {
  return ["tac8", commandOf(args)].filter(Boolean).join(" ");
}

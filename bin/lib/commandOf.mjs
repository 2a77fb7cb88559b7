/** Return the command of a command line: the first word that is neither an option nor the value of `--config`. */
export function commandOf(args) {
  return args.find((word, index) => !word.startsWith("-") && args[index - 1] !== "--config");
}

/** Return the process title of a command line, such as `tac8 up`, so that `pkill node` of an agent does not match it. */
export function titleOf(args) {
  return ["tac8", commandOf(args)].filter(Boolean).join(" ");
}

/** The command that a command line names: its first word that is neither an option nor the value of `--config`. */
export function commandOf(args) {
  return args.find((word, index) => !word.startsWith("-") && args[index - 1] !== "--config");
}

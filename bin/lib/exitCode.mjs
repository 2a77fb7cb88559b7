/**
 * Exit code of a start that makes no sense until an operator fixes something (EX_CONFIG of sysexits.h). A service manager does not
 * try it again: `RestartPreventExitStatus=78`. What may pass by itself has exit code 1.
 */
export const EXIT_CONFIG = 78;

export const ROWS_PER_MESSAGE = Number(process.env['FAULTS_ROWS_PER_MESSAGE'] ?? 1);
export const IS_PACKED = ROWS_PER_MESSAGE > 1;
/** Different valid rows of the file that every fault is tried on; takes some seconds to import. */
export const ROWS = IS_PACKED ? 1_000_000 : 100_000;
/** Rows of the files whose ledger is proven: of that under fifty kills, and of the others. */
export const PROOF_ROWS = Number(
  process.env['FAULTS_PROOF_ROWS'] ?? (IS_PACKED ? 200_000 : 30_000),
);
export const SOME_ROWS = IS_PACKED ? 50_000 : 15_000;

/**
 * Counts every change to results: by a run, another command, or any SQLite client. Derived data stay valid while the count
 * is unchanged. A migration: never changes. See migrations.ts.
 */
export const REVISIONS = `
  CREATE TABLE revisions (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO revisions VALUES ('results', 0);
  CREATE TRIGGER cells_inserted AFTER INSERT ON cells
    BEGIN UPDATE revisions SET revision = revision + 1 WHERE name = 'results'; END;
  CREATE TRIGGER cells_updated AFTER UPDATE ON cells
    BEGIN UPDATE revisions SET revision = revision + 1 WHERE name = 'results'; END;
  CREATE TRIGGER cells_deleted AFTER DELETE ON cells
    BEGIN UPDATE revisions SET revision = revision + 1 WHERE name = 'results'; END;
  CREATE TRIGGER checkpoints_inserted AFTER INSERT ON checkpoints
    BEGIN UPDATE revisions SET revision = revision + 1 WHERE name = 'results'; END;
  CREATE TRIGGER checkpoints_updated AFTER UPDATE ON checkpoints
    BEGIN UPDATE revisions SET revision = revision + 1 WHERE name = 'results'; END;
  CREATE TRIGGER checkpoints_deleted AFTER DELETE ON checkpoints
    BEGIN UPDATE revisions SET revision = revision + 1 WHERE name = 'results'; END;
`;

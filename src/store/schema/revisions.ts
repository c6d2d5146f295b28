/**
 * Counts changes to recorded results, whoever makes them: a run, another command, a person with an SQLite client. What
 * is derived from results is valid while the count stands still. A migration: never changed. See migrations.ts.
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

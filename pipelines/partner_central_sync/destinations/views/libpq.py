"""Views in PostgreSQL and Redshift, which replace a view only by one with the same columns, or with more at its end.

Then, grants stay. Otherwise the view is dropped and made again. The views of this program that read it are made again
with it, in the same transaction, and all of them get their grants back. So are the views that these read, as far as
they have to change as well: with a new column everywhere, that is all of them. What somebody else made on one of them
is not dropped.

Whoever reads a view keeps it from being replaced, and new readers then wait for the replacement. So it waits for an
instant only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dlt.destinations.exceptions import DatabaseException

from .store import NotReplaced, Stored, View, ViewStore

LOCKED, OTHER_COLUMNS, HAS_DEPENDENTS = "55P03", "42P16", "2BP01"
LOCK_TIMEOUT_MS = 250
COMMENT = "obj_description(c.oid, 'pg_class')"
RULE = (  # what PostgreSQL stored as the query of a view: no setting and no name changes it, unlike pg_get_viewdef
    "SELECT to_hex(hashtextextended(concat(r.ev_class, r.ev_action), 0)) FROM pg_rewrite r "
    "WHERE r.rulename = '_RETURN' AND r.ev_class"
)


class Grant(NamedTuple):
    """A privilege on a view or on one of its columns; the grantee is written as SQL has it."""

    privilege: str
    grantee: str
    is_grantable: bool
    column: str | None


class LibpqViews(ViewStore):
    """The views of a database with PostgreSQL's catalog."""

    settings: tuple[str, ...] = ()
    marked, joined = COMMENT, ""

    def select_stored(self, schema: str, names: str) -> str:
        """Returns the query for `stored`."""
        kinds = "WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'"
        return (
            f"SELECT c.relname, CASE c.relkind {kinds} WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' "  # noqa: S608 - literals
            f"ELSE 'table' END, {self.marked}, "
            "CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END "
            f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace {self.joined}"
            f"WHERE n.nspname = {schema} AND c.relname IN ({names})"
        )

    def makes(self, view: View, stored: Stored) -> bool:
        """Returns whether the database writes the query of a new view as it writes that of the stored one."""
        return self.shown_if_new(view) == stored.definition

    def put(self, view: View, stored: Stored | None, own: Mapping[str, View]) -> frozenset[str]:
        """Creates or replaces a view, in one transaction with its comments.

        Raises:
            NotReplaced: somebody reads it now, or made something on it that would have to be dropped.
        """
        try:
            with self.sql.begin_transaction():
                self._set()
                self._make(view, self.verb(stored))
        except DatabaseException as error:
            if _state(error) != OTHER_COLUMNS:
                _raise_reason(error)
                raise
        else:
            return frozenset({view.name})
        try:
            with self.sql.begin_transaction():
                self._set()
                return self._make_again(view, own)
        except DatabaseException as error:
            _raise_reason(error)
            raise

    def _set(self) -> None:
        for setting in self.settings:
            self.sql.execute_sql(setting)

    def _make(self, view: View, verb: str) -> None:
        self.sql.execute_many([f"{verb} {self.name(view)} AS {view.query}", *self.comments(view)])

    def _make_again(self, view: View, own: Mapping[str, View]) -> frozenset[str]:
        """Drops a view and what has to be made again with it, and makes it with the grants that it had."""
        schema, _ = self.place([view.name])
        there = self.stored(own)
        names = self._made_together(view, schema, own, there)
        again = [other for name, other in own.items() if name in names]
        dropped = [other for other in reversed(again) if other.name in there]
        grants = {other.name: self._grants(other, schema) for other in dropped}
        self.sql.execute_sql(f"DROP VIEW {', '.join(map(self.name, dropped))}")
        for other in again:
            self._make(other, "CREATE VIEW")
            if other.name in grants:
                self._restore(other, grants[other.name], self._grants(other, schema))
        return frozenset(names)

    def _made_together(self, view: View, schema: str, own: Mapping[str, View], there: Mapping[str, Stored]) -> set[str]:
        """Returns what has to be made again with a view: its readers, what is not yet as they read it, and so on.

        Raises:
            NotReplaced: somebody else's view reads one of them.
        """
        differing = {
            name for name, other in own.items() if name not in there or there[name].fingerprint != other.fingerprint
        }
        found, asked, others = {view.name}, [view.name], set[str]()
        while asked:
            name = asked.pop()
            more = own[name].reads & differing
            for place, reader, is_here in self._direct_readers(name, schema):
                if is_here and reader in own:
                    more |= {reader}
                else:
                    others.add(f"{place}.{reader}")
            asked += more - found
            found |= more
        if others:
            raise NotReplaced(f"its columns change, and {', '.join(sorted(others))} reads it: drop that, or change it")
        return found

    def _direct_readers(self, name: str, schema: str) -> list[tuple[str, str, bool]]:
        rows = self.sql.execute_sql(
            f"SELECT DISTINCT n.nspname, c.relname, n.nspname = {schema} FROM pg_class v "  # noqa: S608 - literals
            "JOIN pg_namespace s ON s.oid = v.relnamespace JOIN pg_depend d ON d.refobjid = v.oid "
            "JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE s.nspname = {schema} AND v.relname = {self.literal(name)} AND c.oid <> v.oid"
        )
        return [(str(place), str(reader), bool(is_here)) for place, reader, is_here in rows or ()]

    # Grants

    def select_grants(self, schema: str, name: str) -> str:
        """Returns the query for the grants on a view: privilege, grantee, whether it can be passed on, column."""
        named = (
            f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = {schema} "
            f"AND c.relname = {name}"
        )
        grant = (
            "SELECT a.privilege_type, CASE a.grantee WHEN 0 THEN 'PUBLIC' "
            "ELSE quote_ident(pg_get_userbyid(a.grantee)) END, a.is_grantable"
        )
        return (
            f"{grant}, NULL {named} CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE a.grantee <> c.relowner "
            f"UNION ALL {grant}, t.attname {named} JOIN pg_attribute t ON t.attrelid = c.oid "
            "CROSS JOIN LATERAL aclexplode(t.attacl) a WHERE a.grantee <> c.relowner"
        )

    def _grants(self, view: View, schema: str) -> set[Grant]:
        rows = self.sql.execute_sql(self.select_grants(schema, self.literal(view.name)))
        return {
            Grant(str(privilege), str(grantee), bool(again), column) for privilege, grantee, again, column in rows or ()
        }

    def _restore(self, view: View, before: set[Grant], now: set[Grant]) -> None:
        """Gives a view the grants that it had, and takes the ones that are new by default."""
        for grant in sorted(now - before, key=str):
            self.sql.execute_sql(f"REVOKE {self._on(view, grant)} FROM {grant.grantee}")
        for grant in sorted(before - now, key=str):
            if grant.column is None or grant.column in view.columns:
                again = " WITH GRANT OPTION" if grant.is_grantable else ""
                self.sql.execute_sql(f"GRANT {self._on(view, grant)} TO {grant.grantee}{again}")

    def _on(self, view: View, grant: Grant) -> str:
        column = f" ({self.sql.escape_column_name(grant.column)})" if grant.column else ""
        return f"{grant.privilege}{column} ON {self.name(view)}"


class PostgresViews(LibpqViews):
    """The views of PostgreSQL.

    Somebody's CREATE OR REPLACE VIEW keeps the comment. So a mark has a hash of the rule that is the view, and counts
    if the rule is still that one. In a restored database all rules are others, and all marks count.
    """

    settings = (f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}",)
    joined = f"LEFT JOIN LATERAL ({RULE} = c.oid OFFSET 0) AS rule (hash) ON TRUE "
    is_same = f"{COMMENT} LIKE '% as ' || rule.hash"
    marked = (
        f"CASE WHEN {COMMENT} !~ ' as [0-9a-f]+$' OR {is_same} OR NOT COALESCE(bool_or({is_same}) OVER (), FALSE) "
        f"THEN {COMMENT} END"
    )

    def _make(self, view: View, verb: str) -> None:
        name = self.name(view)
        self.sql.execute_sql(f"{verb} {name} AS {view.query}")
        ((proof,),) = self.sql.execute_sql(f"{RULE} = {self.literal(name)}::regclass") or ()
        self.sql.execute_many(self.comments(view._replace(proof=proof)))


class RedshiftViews(LibpqViews):
    """The views of Redshift, which lists grants to users, groups and roles in a view of its own."""

    def select_grants(self, schema: str, name: str) -> str:
        """Returns the query for the grants on a view, but for those of the user that loads."""
        return (
            "SELECT privilege_type, CASE identity_type WHEN 'public' THEN 'PUBLIC' "  # noqa: S608 - literals
            "WHEN 'role' THEN 'ROLE ' || quote_ident(identity_name) WHEN 'group' THEN 'GROUP ' || "
            "quote_ident(identity_name) ELSE quote_ident(identity_name) END, admin_option, NULL "
            f"FROM svv_relation_privileges WHERE namespace_name = {schema} AND relation_name = {name} "
            "AND identity_name <> current_user"
        )


def _state(error: DatabaseException) -> str | None:
    """The SQLSTATE of an error."""
    return getattr(error.dbapi_exception, "pgcode", None)


def _raise_reason(error: DatabaseException) -> None:
    """Raises why a view stays, where the SQLSTATE shows it."""
    cause: Any = error.dbapi_exception
    if _state(error) == LOCKED:
        raise NotReplaced("somebody reads it now, in a transaction that lasts") from error
    if _state(error) == HAS_DEPENDENTS:
        detail = " ".join(str(cause.diag.message_detail).split())
        raise NotReplaced(f"its columns change, and something else needs it: {detail}") from error

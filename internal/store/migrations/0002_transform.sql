-- +goose Up
-- Names are unique by their folded form. References are made by name, since that is what definitions and mappings hold.

create table transform (
  id text not null primary key,
  name text not null,
  name_key text not null,
  type text not null,
  attributes text,
  requires_periodic_refresh boolean not null,
  internal boolean not null,
  created bigint not null,
  modified bigint not null
);
create unique index transform_name on transform (name_key);
create index transform_internal on transform (internal, id);

create table transform_reference (
  name_key text not null references transform (name_key),
  object_type text not null,
  object_id text not null,
  primary key (name_key, object_type, object_id)
);
create index transform_reference_object on transform_reference (object_type, object_id);

-- The transforms that definitions written for the reference platform expect to find.
insert into transform (id, name, name_key, type, attributes, requires_periodic_refresh, internal, created, modified) values
  ('00000000-0000-4000-8000-000000000001', 'ToUpper', 'toupper', 'upper', null, false, true, 1767225600000, 1767225600000),
  ('00000000-0000-4000-8000-000000000002', 'ToLower', 'tolower', 'lower', null, false, true, 1767225600000, 1767225600000),
  ('00000000-0000-4000-8000-000000000003', 'Remove Diacritical Marks', 'remove diacritical marks', 'decomposeDiacriticalMarks', null, false, true, 1767225600000, 1767225600000),
  ('00000000-0000-4000-8000-000000000004', 'E164 Phone', 'e164 phone', 'e164phone', null, false, true, 1767225600000, 1767225600000),
  ('00000000-0000-4000-8000-000000000005', 'ISO3166 Country Format', 'iso3166 country format', 'iso3166', null, false, true, 1767225600000, 1767225600000),
  ('00000000-0000-4000-8000-000000000006', 'RFC5646 Language Format', 'rfc5646 language format', 'rfc5646', null, false, true, 1767225600000, 1767225600000);

-- +goose Up
-- Form definitions. Who uses them, their inputs, elements and conditions are JSON lists.

create table form_definition (
  id text not null primary key,
  name text not null,
  name_key text not null,
  description text not null,
  description_key text,
  owner_id text,
  used_by text not null,
  inputs text not null,
  elements text not null,
  conditions text not null,
  created bigint not null,
  modified bigint not null
);
create index form_definition_name on form_definition (name_key, id);
create index form_definition_owner on form_definition (owner_id);

-- +goose Up
alter table account add column mapped text;

create table machine_account_mapping (
  source_id text not null primary key references source (id) on delete cascade,
  mappings text not null,
  revision bigint not null,
  created bigint not null,
  modified bigint
);

-- The attributes of a source's accounts by which the mappings of other sources look for owners.
create table owner_lookup (
  source_id text not null references source (id) on delete cascade,
  attribute text not null,
  mapped_source_id text not null references source (id) on delete cascade,
  primary key (source_id, attribute, mapped_source_id)
);
create index owner_lookup_mapped on owner_lookup (mapped_source_id);

-- The values of these attributes.
create table account_value (
  account_id text not null references account (id) on delete cascade,
  attribute text not null,
  value_key text not null,
  source_id text not null,
  primary key (account_id, attribute, value_key)
);
create index account_value_key on account_value (source_id, attribute, value_key);

-- +goose Up
-- One text for both engines: on PostgreSQL every text column gets the byte-order collation when the file is read.
-- Columns that end in _key hold the folded form of their neighbour (see key.go): lists filter and sort by these.
-- Times are milliseconds since 1970 in UTC.
-- Indexes that end in _sorted serve a filter and the order by name together. SQLite would sort all rows of the filter.

create table setting (
  name text not null primary key,
  value text not null
);

create table change (
  id text not null primary key,
  time bigint not null,
  actor_id text,
  actor_name text not null,
  client_id text,
  tracking_id text,
  reason text,
  action text not null,
  object_type text not null,
  object_id text not null,
  object_name text not null,
  before text,
  after text
);
create index change_object on change (object_id, id);

create table job (
  id text not null primary key,
  kind text not null,
  unique_key text not null,
  args text not null,
  state text not null,
  run_at bigint not null,
  attempt int not null,
  max_attempts int not null,
  lease_until bigint not null,
  token text not null,
  cancel boolean not null,
  last_error text,
  tracking_id text not null,
  created bigint not null,
  modified bigint not null
);
create unique index job_unfinished on job (kind, unique_key) where state in ('available', 'running');
create index job_next on job (state, run_at);

create table task (
  id text not null primary key,
  type text not null,
  name text not null,
  description text not null,
  launcher text not null,
  launcher_key text not null,
  target_type text,
  target_id text,
  target_name text,
  source_id text,
  job_id text,
  created bigint not null,
  modified bigint not null,
  launched bigint,
  completed bigint,
  completion_status text,
  messages text not null,
  counts text not null,
  attributes text not null,
  progress text not null,
  percent_complete int not null
);
create index task_created on task (created, id);
create index task_source on task (source_id, id);
create index task_running on task (id) where completion_status is null;

create table identity (
  id text not null primary key,
  uid text not null,
  uid_key text not null,
  name text not null,
  name_key text not null,
  first_name text not null,
  first_name_key text not null,
  last_name text not null,
  last_name_key text not null,
  email text not null,
  email_key text not null,
  manager_id text,
  manager_key text,
  lifecycle_state text not null,
  state text not null,
  attributes text not null,
  source_id text,
  protected boolean not null,
  created bigint not null,
  modified bigint not null
);
create unique index identity_uid on identity (uid_key);
create index identity_name on identity (name_key, id);
create index identity_first_name on identity (first_name_key, id);
create index identity_last_name on identity (last_name_key, id);
create index identity_email on identity (email_key, id);
create index identity_manager on identity (manager_id) where manager_id is not null;
create index identity_manager_wanted on identity (manager_key) where manager_id is null and manager_key is not null;
create index identity_source on identity (source_id);
create index identity_state on identity (state, id);

create table auth_user (
  identity_id text not null primary key references identity (id) on delete cascade,
  levels text not null,
  created bigint not null,
  modified bigint not null
);

create table access_token (
  id text not null primary key,
  name text not null,
  owner_id text not null references identity (id) on delete cascade,
  secret_hash blob not null,
  scope text not null,
  validity_secs int not null,
  expires bigint,
  never_expires boolean not null,
  managed boolean not null,
  last_used bigint,
  created bigint not null
);
create index access_token_owner on access_token (owner_id, id);

create table oauth_client (
  id text not null primary key,
  secret_hash blob not null,
  body text not null,
  enabled boolean not null,
  last_used bigint,
  created bigint not null,
  modified bigint not null
);

create table signing_key (
  id text not null primary key,
  private text not null,
  created bigint not null,
  retired bigint
);

create table workgroup (
  id text not null primary key,
  name text not null,
  name_key text not null,
  description text not null,
  description_key text not null,
  owner_id text,
  created bigint not null,
  modified bigint not null
);
create unique index workgroup_name on workgroup (name_key);

create table workgroup_member (
  workgroup_id text not null references workgroup (id) on delete cascade,
  identity_id text not null references identity (id) on delete cascade,
  created bigint not null,
  primary key (workgroup_id, identity_id)
);
create index workgroup_member_identity on workgroup_member (identity_id);

create table source (
  id text not null primary key,
  name text not null,
  name_key text not null,
  description text not null,
  description_key text not null,
  owner_id text,
  type text not null,
  type_key text not null,
  connector text not null,
  connector_key text not null,
  connector_class text not null,
  connection_type text not null,
  connection_type_key text not null,
  connector_attributes text not null,
  secrets text not null,
  features text not null,
  authoritative boolean not null,
  delete_threshold int not null,
  management_workgroup_id text,
  healthy boolean not null,
  status text not null,
  status_key text not null,
  status_message text not null,
  since bigint,
  category text,
  category_key text,
  refs text not null,
  correlation_config_id text,
  correlation_config_name_key text,
  manager_rule_type_key text,
  manager_rule_id text,
  manager_rule_name_key text,
  delta_token blob,
  deleting boolean not null,
  created bigint not null,
  modified bigint not null
);
create unique index source_name on source (name_key);

create table source_schema (
  id text not null primary key,
  source_id text not null references source (id) on delete cascade,
  name text not null,
  body text not null,
  created bigint not null,
  modified bigint not null
);
create unique index source_schema_name on source_schema (source_id, name);

create table schedule (
  source_id text not null references source (id) on delete cascade,
  type text not null,
  cron text not null,
  next_run bigint not null,
  created bigint not null,
  primary key (source_id, type)
);
create index schedule_next on schedule (next_run);

create table identity_profile (
  id text not null primary key,
  name text not null,
  name_key text not null,
  description text not null,
  owner_id text,
  priority bigint not null,
  source_id text not null references source (id) on delete cascade,
  enabled boolean not null,
  attributes text not null,
  created bigint not null,
  modified bigint not null
);
create unique index identity_profile_name on identity_profile (name_key);
create unique index identity_profile_source on identity_profile (source_id);

create table classification_config (
  source_id text not null primary key references source (id) on delete cascade,
  enabled boolean not null,
  method text not null,
  criteria text,
  created bigint not null,
  modified bigint
);

create table classification_run (
  source_id text not null primary key references source (id) on delete cascade,
  task_id text not null,
  mode text not null,
  status text not null,
  started bigint not null,
  updated bigint,
  expected bigint not null,
  received bigint not null,
  completed bigint not null
);

create table upload (
  id text not null primary key,
  source_id text not null,
  name text not null,
  size bigint not null,
  kept boolean not null,
  created bigint not null
);
create index upload_source on upload (source_id);

create table upload_chunk (
  upload_id text not null references upload (id) on delete cascade,
  ordinal int not null,
  data blob not null,
  primary key (upload_id, ordinal)
);

create table machine_identity (
  id text not null primary key,
  name text not null,
  name_key text not null,
  native_identity text not null,
  native_key text not null,
  business_application text not null,
  business_application_key text not null,
  description text not null,
  subtype text not null,
  subtype_key text not null,
  environment text not null,
  attributes text not null,
  connector_attributes text not null,
  source_id text,
  source_name_key text,
  uuid text not null,
  dataset_id text not null,
  primary_owner_id text,
  primary_owner_name_key text,
  owner_group_id text,
  exists_on_source text not null,
  manually_created boolean not null,
  manually_edited boolean not null,
  extras boolean not null,
  created bigint not null,
  modified bigint not null
);
create index machine_identity_name on machine_identity (name_key, id);
create index machine_identity_native on machine_identity (native_key, id);
create index machine_identity_business_application on machine_identity (business_application_key, id);
create index machine_identity_subtype on machine_identity (subtype_key, id);
create index machine_identity_source on machine_identity (source_id, id);
create index machine_identity_source_sorted on machine_identity (source_id, name_key, id);
create index machine_identity_source_name on machine_identity (source_name_key, id);
create index machine_identity_primary_owner on machine_identity (primary_owner_id, id);
create index machine_identity_primary_owner_name on machine_identity (primary_owner_name_key, id);
create index machine_identity_group on machine_identity (owner_group_id);
create index machine_identity_edited on machine_identity (manually_edited, id);
create index machine_identity_created on machine_identity (created, id);
create index machine_identity_modified on machine_identity (modified, id);

create table machine_identity_owner (
  machine_identity_id text not null references machine_identity (id) on delete cascade,
  position int not null,
  identity_id text not null,
  primary key (machine_identity_id, position)
);
create index machine_identity_owner_identity on machine_identity_owner (identity_id);

create table attribute_value (
  object_id text not null,
  name text not null,
  value_key text not null,
  primary key (object_id, name, value_key)
);
create index attribute_value_name on attribute_value (name, value_key, object_id);

create table account (
  id text not null primary key,
  source_id text not null,
  source_name_key text not null,
  source_authoritative boolean not null,
  source_connection_key text not null,
  ordinal bigint not null,
  hash blob,
  native_identity text not null,
  native_key text not null,
  uuid text not null,
  uuid_key text,
  name text not null,
  name_key text not null,
  identity_id text,
  identity_name_key text,
  identity_state_key text,
  uncorrelated boolean not null,
  disabled boolean not null,
  locked boolean not null,
  privileged boolean not null,
  has_entitlements boolean not null,
  connector_attributes text not null,
  machine boolean not null,
  method text,
  machine_identity_id text,
  machine_identity_name_key text,
  owner_id text,
  owner_name_key text,
  owner_key text,
  subtype text,
  subtype_key text,
  subtype_name_key text,
  description text,
  description_key text,
  environment text,
  environment_key text,
  access_type text,
  access_type_key text,
  attributes text,
  attributes_key text,
  manually_correlated boolean not null,
  manually_edited boolean not null,
  missing_since bigint,
  created bigint not null,
  modified bigint not null
);
create unique index account_native on account (source_id, native_key);
create index account_source on account (source_id, id);
create index account_source_sorted on account (source_id, name_key, id);
create index account_ordinal on account (source_id, ordinal);
create index account_name on account (name_key, id);
create index account_native_list on account (native_key, id);
create index account_identity on account (identity_id, id);
create index account_identity_name on account (identity_name_key, id);
create index account_identity_state on account (identity_state_key, id);
create index account_uuid_list on account (uuid_key, id);
create index account_source_name on account (source_name_key, id);
create index account_source_authoritative on account (source_authoritative, id);
create index account_source_connection on account (source_connection_key, id);
create index account_created on account (created, id);
create index account_modified on account (modified, id);
create index account_uuid on account (source_id, uuid_key);
create index account_missing on account (source_id, missing_since) where missing_since is not null;
create index account_owner_wanted on account (owner_key) where owner_id is null and owner_key is not null;
create index account_has_entitlements on account (has_entitlements, id);
create index account_correlated on account (manually_correlated, id);
create index account_uncorrelated on account (uncorrelated, id);
create index account_human_owner on account (owner_id) where owner_id is not null and not machine;
create index machine_all on account (id) where machine;
create index machine_name on account (name_key, id) where machine;
create index machine_native on account (native_key, id) where machine;
create index machine_uuid on account (uuid_key, id) where machine;
create index machine_description on account (description_key, id) where machine;
create index machine_identity_ref on account (machine_identity_id, id) where machine;
create index machine_identity_ref_name on account (machine_identity_name_key, id) where machine;
create index machine_subtype on account (subtype_key, id) where machine;
create index machine_subtype_name on account (subtype_name_key, id) where machine;
create index machine_access_type on account (access_type_key, id) where machine;
create index machine_environment on account (environment_key, id) where machine;
create index machine_environment_sorted on account (environment_key, name_key, id) where machine;
create index machine_owner on account (owner_id, id) where machine;
create index machine_owner_name on account (owner_name_key, id) where machine;
create index machine_correlated on account (manually_correlated, id) where machine;
create index machine_disabled on account (disabled, id) where machine;
create index machine_locked on account (locked, id) where machine;
create index machine_has_entitlements on account (has_entitlements, id) where machine;
create index machine_attributes on account (attributes_key, id) where machine;
create index machine_source on account (source_id, id) where machine;
create index machine_source_sorted on account (source_id, name_key, id) where machine;
create index machine_source_name on account (source_name_key, id) where machine;
create index machine_created on account (created, id) where machine;
create index machine_modified on account (modified, id) where machine;

create table entitlement (
  id text not null primary key,
  source_id text not null,
  attribute text not null,
  attribute_key text not null,
  value text not null,
  value_key text not null,
  name text not null,
  name_key text not null,
  type text not null,
  type_key text not null,
  description text not null,
  privileged boolean not null,
  requestable boolean not null,
  owner_id text,
  attributes text not null,
  edited boolean not null,
  created bigint not null,
  modified bigint not null
);
create unique index entitlement_value on entitlement (source_id, attribute_key, value_key);
create index entitlement_name on entitlement (name_key, id);
create index entitlement_value_list on entitlement (value_key, id);
create index entitlement_attribute on entitlement (attribute_key, id);
create index entitlement_type on entitlement (type_key, id);
create index entitlement_source on entitlement (source_id, id);
create index entitlement_owner on entitlement (owner_id);
create index entitlement_requestable on entitlement (requestable, id);
create index entitlement_privileged on entitlement (privileged, id);
create index entitlement_created on entitlement (created, id);
create index entitlement_modified on entitlement (modified, id);

create table account_entitlement (
  account_id text not null,
  entitlement_id text not null,
  primary key (account_id, entitlement_id)
);
create index account_entitlement_holder on account_entitlement (entitlement_id, account_id);

create table machine_identity_user_entitlement (
  id text not null primary key,
  machine_identity_id text not null references machine_identity (id) on delete cascade,
  machine_identity_name_key text not null,
  entitlement_id text not null,
  entitlement_name_key text not null,
  source_id text not null,
  source_name_key text not null,
  created bigint not null
);
create unique index user_entitlement_pair on machine_identity_user_entitlement (machine_identity_id, entitlement_id);
create index user_entitlement_machine_name on machine_identity_user_entitlement (machine_identity_name_key, id);
create index user_entitlement_entitlement on machine_identity_user_entitlement (entitlement_id, id);
create index user_entitlement_entitlement_name on machine_identity_user_entitlement (entitlement_name_key, id);
create index user_entitlement_source on machine_identity_user_entitlement (source_id, id);
create index user_entitlement_source_name on machine_identity_user_entitlement (source_name_key, id);

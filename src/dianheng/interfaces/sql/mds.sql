-- Middle tables of the State Grid verification system (MDS), as a schema beside ours: a bench's
-- own software reads here what stands on its positions and writes here what it found.
-- Names of tables and columns, and the order of the columns of mt_detect_rslt (some software
-- inserts by order), are those of public code of bench makers; columns of our own stand last and
-- are marked. Values are text, as benches write them; we check what they say. Nothing here is
-- evidence: what is taken over is kept by the upload (docs/reference/bench-upload.md).
drop schema if exists mds cascade;
drop function if exists mds_admit(text);
create schema mds;

-- Read by benches ---------------------------------------------------------------------------------

create table mds.mt_detect_out_equip (
    detect_task_no text not null, sys_no text, io_task_no text, arrive_batch_no text,
    equip_categ text, bar_code text not null, box_bar_code text, pile_no text, redetect_flag text,
    platform_no text, emp_no text, platform_type text, write_date text, handle_flag text,
    handle_date text, position_no text,
    -- own: the bench, its unit, the load and attempt; when results were there
    detect_equip_no text not null, detect_unit_no text, load_no text not null,
    attempt integer not null, taken_at timestamptz,
    unique (detect_task_no, bar_code)
);
create index mt_detect_out_equip_bar_code on mds.mt_detect_out_equip (bar_code);
create index mt_detect_out_equip_waiting on mds.mt_detect_out_equip (load_no) where taken_at is null;

create table mds.mt_meter (
    meter_id text, erp_batch_no text, bar_code text primary key, asset_no text, made_no text,
    lot_no text, org_no text, contract_no text, arrive_batch_no text, box_bar_code text,
    sort_code text, type_code text, model_code text, wiring_mode text, volt_code text,
    rated_current text, overload_factor text, ap_pre_level_code text, rp_pre_level_code text,
    meter_digits text, const_code text, rp_constant text, manufacturer text, made_date text,
    pulse_constant_code text, freq_code text, con_mode text, hard_ver text, soft_ver text,
    comm_prot_code text, comm_mode text, comm_addr text, remark text, write_date text,
    handle_flag text, handle_date text,
    -- own
    price_preset text
);

-- What the codes mean. Ours mean themselves: software that translates names by this table writes
-- what we read.
create table mds.mt_p_code (
    code_type text not null, value text not null, name text not null,
    primary key (code_type, value)
);
insert into mds.mt_p_code (code_type, value, name) values
    ('powerFlag', '0', '正向有功'), ('powerFlag', '1', '反向有功'),
    ('powerFlag', '2', '正向无功'), ('powerFlag', '3', '反向无功'),
    ('currentPhaseCode', '01', 'ABC'), ('currentPhaseCode', 'AC', 'AC'),
    ('currentPhaseCode', '02', 'A'), ('currentPhaseCode', '03', 'B'), ('currentPhaseCode', '04', 'C'),
    ('concCode', '01', '合格'), ('concCode', '02', '不合格'), ('concCode', '03', '未检'),
    ('secretKeyStatus', '正式密钥', '正式密钥'), ('secretKeyStatus', '测试密钥', '测试密钥'),
    ('meter_Test_Freq', '50', '50');
insert into mds.mt_p_code (code_type, value, name)
select 'meterTestVolt', pct || '%Un', pct || '%Un'
  from unnest(array[60, 70, 80, 90, 100, 110, 115, 120]) pct;
insert into mds.mt_p_code (code_type, value, name)
select 'meterTestPowerFactor', factor, factor
  from unnest(array['1.0', '0.5L', '0.8C', '0.8L', '0.5C', '0.25L', '0.25C']) factor;
insert into mds.mt_p_code (code_type, value, name)
select distinct 'meter_Test_CurLoad', multiple || base, multiple || base
  from unnest(array['', '1.0', '0.5', '0.2', '0.1', '0.05', '0.02', '0.01', '0.004', '0.002',
                    '0.001', '0.005', '0.8', '0.6', '0.4', '1.5', '2', '2.0', '3', '4', '5',
                    '10', '10.0', '20', '30', '40']) multiple,
       unnest(array['Imax', 'Ib', 'In', 'Itr', 'Imin']) base;

-- Written by benches ------------------------------------------------------------------------------

create function mds.make_conclusions(name text, columns text, own text default '') returns void
language plpgsql as $$
begin
    execute format($f$
        create table mds.%I (
            detect_task_no text not null, equip_categ text, sys_no text, detect_equip_no text,
            detect_unit_no text, position_no text, bar_code text not null, detect_date text,
            para_index text, detect_item_point text, is_valid text default '1',
            %s, write_date text, handle_flag text default '0', handle_date text %s,
            id bigint generated always as identity primary key
        )$f$, name, columns, own);
    execute format('create index on mds.%I (detect_task_no, bar_code)', name);
end $$;
select mds.make_conclusions('mt_intuit_met_conc', 'detect_content text, conc_code text', ', remark text');
select mds.make_conclusions('mt_basicerr_met_conc',
    'both_way_power_flag text, iabc text, load_current text, load_voltage text, freq text, pf text,
     detect_circle text, simpling text, error text, ave_err text, int_convert_err text,
     conc_code text', ', err_up text, err_down text');
select mds.make_conclusions('mt_const_met_conc',
    'load_current text, both_way_power_flag text, real_pules text, start_reading text,
     end_reading text, diff_reading text, standard_reading text, error text, err_down text,
     err_up text, const_err text, volt text, fee_start_time text, fee_ratio text,
     qualified_pules text, divide_electric_quantity text, pf text, control_method text,
     conc_code text', ', ir_last_reading text, read_type_code text');
select mds.make_conclusions('mt_starting_met_conc',
    'load_voltage text, pules text, both_way_power_flag text, load_current text, test_time text,
     real_test_time text, start_current text, conc_code text');
select mds.make_conclusions('mt_creeping_met_conc',
    'load_voltage text, pules text, load_current text, both_way_power_flag text, test_time text,
     real_test_time text, conc_code text');
select mds.make_conclusions('mt_dayerr_met_conc',
    'sec_piles text, test_time text, simpling text, err_abs text, load_voltage text, error text,
     avg_err text, int_convert_err text, conc_code text');
select mds.make_conclusions('mt_clock_value_met_conc',
    'conc_code text, std_date text, met_date text, time_err text, met_value text, std_value text,
     err_up text, err_dowm text');
select mds.make_conclusions('mt_hutchison_combina_met_conc',
    'both_way_power_flag text, load_current text, pf text, fee_ratio text, control_method text,
     ir_time text, ir_reading text, err_down text, err_up text, voltage text,
     total_reading_err text, total_increment text, sumer_all_increment text, sharp_increment text,
     peak_increment text, flat_increment text, valley_increment text, value_conc_code text,
     conc_code text', ', fee_value text, start_value text, end_value text, ele_increment text');
select mds.make_conclusions('mt_demandvalue_met_conc',
    'demand_period text, demand_time text, demand_interval text, real_demand text,
     real_period text, demand_value_err text, demand_standard text, demand_value_err_abs text,
     clear_data_rst text, value_conc_code text',
    ', both_way_power_flag text, voltage text, load_current text, pf text, control_method text,
       err_up text, err_dowm text, chk_conc_code text');
select mds.make_conclusions('mt_ts_met_conc', 'ts_err_conc_code text, conc_code text',
    ', volt text, ts_way text, start_time text, ts_start_time text, ts_err text, err_up text,
       err_dowm text, ts_real_time text, fee text');
select mds.make_conclusions('mt_volt_met_conc',
    'volt_test_value text, volt_obj text, test_time text, conc_code text, remark text',
    ', leak_current_limit text, position_leak_limit text');
select mds.make_conclusions('mt_measure_repeat_met_conc',
    'volt text, both_way_power_flag text, load_current text, load_voltage text, freq text, pf text,
     simpling text, deviation_limt text, conc_code text', ', iabc text, error text');
select mds.make_conclusions('mt_deviation_met_conc',
    'volt text, both_way_power_flag text, load_current text, load_voltage text, freq text, pf text,
     simpling text, deviation_limt text, conc_code text', ', iabc text, error text');
select mds.make_conclusions('mt_consist_met_conc',
    'both_way_power_flag text, load_voltage text, load_current text, pf text, pules text,
     simpling text, all_error text, avg_error text, int_convert_err text, all_avg_error text,
     all_int_error text, error text, err_down text, err_up text, once_err text, avg_once_err text,
     int_once_err text, twice_err text, avg_twice_err text, int_twice_err text, conc_code text',
    ', iabc text');
select mds.make_conclusions('mt_error_met_conc',
    'both_way_power_flag text, load_voltage text, load_current text, pf text, pules text,
     simpling text, once_err text, avg_once_err text, int_once_err text, twice_err text,
     avg_twice_err text, error text, err_down text, err_up text, int_twice_err text,
     conc_code text', ', iabc text');
select mds.make_conclusions('mt_variation_met_conc',
    'both_way_power_flag text, load_voltage text, load_current text, iabc text, pf text,
     detect_circle text, simpling text, wait_time text, up_err1 text, up_err2 text,
     avg_up_err text, int_up_err text, down_err1 text, down_err2 text, avg_down_err text,
     int_down_err text, variation_err text, int_variation_err text, conc_code text');
select mds.make_conclusions('mt_influence_qty_met_conc',
    'chk_conc_code text, org_no text, area_code text, effect_test_item text',
    ', both_way_power_flag text, iabc text, load_current text, pf text, error text');
select mds.make_conclusions('mt_comminicate_met_conc', 'conc_code text', ', remark text');
select mds.make_conclusions('mt_esam_met_conc', 'conc_code text',
    ', load_voltage text, key_type text, key_status text, key_num text, key_ver text');
select mds.make_conclusions('mt_presetparam_check_met_conc',
    'data_item_name text, data_idention text, control_code text, data_format text,
     is_data_block text, standard_value text, real_value text, deter_upper_limit text,
     deter_lower_limit text, conc_code text');
-- The public tables know no times of the relay: open_time and close_time are ours, seconds.
select mds.make_conclusions('mt_control_met_conc',
    'setting_warn_value1 text, setting_warn_value2 text, real_warn_value1 text,
     real_warn_value2 text, chk_conc_code text', ', equip_id text, open_time text, close_time text');
-- Own: items that none of the tables above has a place for, by their names in the upload format.
select mds.make_conclusions('mt_item_met_conc',
    'item text, both_way_power_flag text, iabc text, load_current text, pf text, samples text,
     unit text, facts text, remark text, conc_code text');
drop function mds.make_conclusions(text, text, text);

create table mds.mt_seal_inst (
    detect_task_no text not null, sys_no text, equip_categ text, bar_code text not null,
    seal_position text, seal_bar_code text, seal_date text, sealer_no text, is_valid text default '1',
    write_date text, handle_flag text default '0', handle_date text,
    id bigint generated always as identity primary key
);
create index on mds.mt_seal_inst (detect_task_no, bar_code);

-- The overall result of a meter: the row that says that all others are there. Some software
-- knows the table by the name mt_detect_met_rslt.
create table mds.mt_detect_rslt (
    detect_task_no text not null, equip_categ text, sys_no text, detect_equip_no text,
    detect_unit_no text, position_no text, bar_code text not null, detect_date text,
    conc_code text, intuit_conc_code text, basicerr_conc_code text, const_conc_code text,
    starting_conc_code text, creeping_conc_code text, dayerr_conc_code text, power_conc_code text,
    volt_conc_code text, standard_conc_code text, wave_conc_code text, error_conc_code text,
    consist_conc_code text, variation_conc_code text, overload_conc_code text, ts_conc_code text,
    runing_conc_code text, period_conc_code text, value_conc_code text, key_conc_code text,
    esam_conc_code text, remote_conc_code text, eh_conc_code text, ec_conc_code text,
    switch_on_conc_code text, switch_out_conc_code text, warn_conc_code text,
    warn_cancel_conc_code text, surplus_conc_code text, reset_eq_met_conc_code text,
    infrared_test_conc_code text, reset_demand_met_conc_code text, timing_met_conc_code text,
    comminicate_met_conc_code text, address_met_conc_code text,
    multi_interface_met_conc_code text, leap_year_met_conc text, para_read_met_conc_code text,
    para_set_met_conc text, setting_conc_code text, deviation_met_conc text, gps_conc text,
    detect_person text, audit_person text, write_date text, seal_handle_flag text,
    seal_handle_date text, handle_flag text default '0', handle_date text, temp text,
    humidity text, preset_paramet_check_conc_code text, password_change_conc_code text,
    preset_parameter_set_conc_code text, reliability_conc_code text,
    move_stability_test_conc_code text, anti_seismictest_conc_code text,
    preset_param2_check_conc_code text, preset_param3_check_conc_code text,
    preset_param2_set_conc_code text, preset_param3_set_conc_code text, hard_version text,
    fault_type text, event_rec_func_conc_code text, influence_qty_conc_code text,
    aux_pow_conc_code text, alarm_func_conc_code text, rate_time_func_conc_code text,
    ele_energy_func_conc_code text, expiration_date text, mea_rep_conc_code text, cert_no text,
    cert_no_period text, unpass_reason text, comm_mode_chg_conc_code text,
    comm_mode_int_conc_code text, frozen_func_conc_code text,
    -- own: what became of it, in words
    handle_info text,
    id bigint generated always as identity primary key
);
create index on mds.mt_detect_rslt (detect_task_no, bar_code);
create index mt_detect_rslt_waiting on mds.mt_detect_rslt (id) where coalesce(handle_flag, '') in ('', '0');
create view mds.mt_detect_met_rslt as select * from mds.mt_detect_rslt;

-- Who may what ------------------------------------------------------------------------------------

-- The program itself: what its role may in our tables tells who it is.
do $$
declare
    role_ record;
begin
    for role_ in
        select distinct grantee from information_schema.role_table_grants
         where table_schema = 'public' and table_name = 'identity_unit'
           and grantee not in (current_user, 'PUBLIC')
    loop
        execute format('grant usage on schema mds to %I', role_.grantee);
        execute format('grant select, insert, update, delete on all tables in schema mds to %I', role_.grantee);
        execute format('grant usage on all sequences in schema mds to %I', role_.grantee);
    end loop;
end $$;

-- Lets a role of bench software in: to the middle tables and to nothing else. Harmless when
-- repeated. Without usage of the schema public the role sees none of our tables and functions.
create function mds_admit(role_name text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    name text;
begin
    if exists (select from pg_roles where rolname = role_name
                  and (rolsuper or pg_has_role(oid, current_user, 'member'))) then
        raise exception 'role % could read more than the middle tables', role_name;
    end if;
    revoke usage on schema public from public;
    execute format('revoke all on schema public from %I', role_name);
    execute format('grant usage on schema mds to %I', role_name);
    execute format('grant select, insert, update, delete on all tables in schema mds to %I', role_name);
    foreach name in array array['mt_detect_out_equip', 'mt_meter', 'mt_p_code'] loop
        execute format('revoke insert, update, delete on mds.%I from %I', name, role_name);
    end loop;
    execute format('grant update (handle_flag, handle_date) on mds.mt_detect_out_equip, mds.mt_meter to %I', role_name);
    execute format('grant usage on all sequences in schema mds to %I', role_name);
    if has_schema_privilege(role_name, 'public', 'usage') then
        raise exception 'role % may still use the schema public; let its owner revoke that', role_name;
    end if;
end $$;
revoke execute on function mds_admit(text) from public;

-- The group of all bench logins, where we may make roles. Where not, the DBA makes it and runs
-- select mds_admit('dianheng_bench'); see docs/how-to/connect-a-bench.md.
do $$
begin
    if not exists (select from pg_roles where rolname = 'dianheng_bench') then
        create role dianheng_bench nologin;
    end if;
    perform mds_admit('dianheng_bench');
exception when insufficient_privilege or raise_exception then
    raise notice 'benches are not let into the middle tables yet: %', sqlerrm;
end $$;

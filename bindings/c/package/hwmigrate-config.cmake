# find_package(hwmigrate) gives the targets hwmigrate::hwmigrate (shared) and hwmigrate::static.

get_filename_component(_hwmigrate_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET hwmigrate::hwmigrate)
    add_library(hwmigrate::hwmigrate SHARED IMPORTED)
    set_target_properties(hwmigrate::hwmigrate PROPERTIES
        IMPORTED_LOCATION "${_hwmigrate_prefix}/lib/libhwmigrate.so.@VERSION@"
        IMPORTED_SONAME "libhwmigrate.so.@SONAME_VERSION@"
        INTERFACE_INCLUDE_DIRECTORIES "${_hwmigrate_prefix}/include")
endif()

if(NOT TARGET hwmigrate::static)
    add_library(hwmigrate::static STATIC IMPORTED)
    set_target_properties(hwmigrate::static PROPERTIES
        IMPORTED_LOCATION "${_hwmigrate_prefix}/lib/libhwmigrate.a"
        INTERFACE_INCLUDE_DIRECTORIES "${_hwmigrate_prefix}/include"
        INTERFACE_LINK_LIBRARIES "@SYSTEM_LIBRARIES@")
endif()

unset(_hwmigrate_prefix)

pub(crate) struct GetProfile;
#[automatically_derived]
impl ::graph::__private::Serialize for GetProfile {
    fn serialize<__S: ::graph::__private::Serializer>(
        &self,
        __serializer: __S,
    ) -> ::graph::__private::Serialized<__S> {
        ::graph::__private::Serializer::serialize_unit_struct(__serializer, "GetProfile")
    }
}
#[automatically_derived]
impl ::graph::__private::Action for GetProfile {
    const DECLARATION: &'static ::graph::__private::Declaration = &::graph::__private::Declaration {
        method: ::graph::__private::Method::GET,
        path: "/deviceManagement/androidForWorkEnrollmentProfiles/<id>",
        version: ::graph::__private::ApiVersion::V1,
        permissions: ::graph::__private::scope(
            &[
                "DeviceManagementConfiguration.Read.All",
                "DeviceManagementConfiguration.ReadWrite.All",
            ],
        ),
        is_idempotent: true,
    };
    type Response = Profile;
}
impl GetProfile {
    /**Prepares `GET /deviceManagement/androidForWorkEnrollmentProfiles/<id>`, version `v1.0`.

| caller | one of these permissions, least privileged first |
| --- | --- |
| delegated, work or school account | `DeviceManagementConfiguration.Read.All`, `DeviceManagementConfiguration.ReadWrite.All` |
| delegated, personal Microsoft account | not supported |
| application | `DeviceManagementConfiguration.Read.All`, `DeviceManagementConfiguration.ReadWrite.All` |*/
    pub(crate) fn request(
        &self,
        id: impl ::graph::__private::PathValue,
    ) -> ::graph::__private::Request<Self> {
        ::graph::__private::request(
            &[
                ::graph::__private::Part::Text(
                    "/deviceManagement/androidForWorkEnrollmentProfiles/",
                ),
                ::graph::__private::Part::Value("id", &id),
            ],
            ::graph::__private::Payload::none(),
        )
    }
}

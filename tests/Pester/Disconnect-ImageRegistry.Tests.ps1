BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function Get-Auth([string] $User) { [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("${User}:CANARY")) }
    function New-ConfigFolder([hashtable] $Users) {
        $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n')))).FullName
        $logins = @{}
        foreach ($name in $Users.Keys) { $logins[$name] = @{ auth = Get-Auth $Users[$name] } }
        @{ auths = $logins; currentContext = 'default' } | ConvertTo-Json -Depth 5 | Set-Content (Join-Path $folder 'config.json')
        $folder
    }
}

Describe 'Disconnect-ImageRegistry' {
    AfterEach { $env:DOCKER_CONFIG = $null; $env:REGISTRY_AUTH_FILE = $null }
    It 'removes a login wherever it is, and leaves those of others' {
        $env:DOCKER_CONFIG = New-ConfigFolder @{ 'https://index.docker.io/v1/' = 'ann'; 'ghcr.io' = 'bob' }
        $env:REGISTRY_AUTH_FILE = "$(New-ConfigFolder @{ 'docker.io' = 'carl'; 'docker.io/team' = 'dora' })/config.json"
        $gone = Disconnect-ImageRegistry docker.io
        $gone.UserName | Should -Be 'ann', 'carl'
        "$($gone.Place)" | Should -Be 'File File'
        (Get-ImageRegistry | ForEach-Object { "$_ $($_.UserName)" }) | Should -Be 'ghcr.io bob', 'docker.io/team dora'
        (Get-Content -Raw "$env:DOCKER_CONFIG/config.json" | ConvertFrom-Json).currentContext | Should -BeExactly 'default'
    }
    It 'leaves what is stored with -KeepStored' {
        Skip-Without Registry
        $env:DOCKER_CONFIG = New-ConfigFolder @{ $World.Registry = 'stored' }
        $account = [pscredential]::new('here', (ConvertTo-SecureString CANARY -AsPlainText -Force))
        $null = Connect-ImageRegistry $World.Registry -Credential $account -WarningAction SilentlyContinue
        (Get-ImageRegistry $World.Registry).UserName | Should -Be 'here', 'stored'
        (Disconnect-ImageRegistry $World.Registry -KeepStored).UserName | Should -Be 'here'
        (Get-ImageRegistry $World.Registry).UserName | Should -Be 'stored'
        Disconnect-ImageRegistry $World.Registry -KeepStored -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'LoginNotFound,OciTools.Commands.DisconnectImageRegistryCommand'
    }
    It 'takes registries from the pipeline, each once' {
        $env:DOCKER_CONFIG = New-ConfigFolder @{ 'a.example.com' = 'ann'; 'b.example.com' = 'bob' }
        $env:REGISTRY_AUTH_FILE = "$(New-ConfigFolder @{ 'a.example.com' = 'carl' })/config.json"
        (Get-ImageRegistry | Disconnect-ImageRegistry -ErrorAction Stop).UserName | Sort-Object | Should -Be 'ann', 'bob', 'carl'
        Get-ImageRegistry | Should -BeNullOrEmpty
    }
    It 'says where there is nothing to log out of' {
        Disconnect-ImageRegistry none.example.com -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'LoginNotFound,OciTools.Commands.DisconnectImageRegistryCommand'
        Disconnect-ImageRegistry 'a/b' -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'InvalidImageName,OciTools.Commands.DisconnectImageRegistryCommand'
    }
    It 'removes nothing with -WhatIf, and says what it would remove' {
        $folder = New-ConfigFolder @{ 'ghcr.io' = 'bob' }
        $before = Get-FileSha256 "$folder/config.json"
        $said = Invoke-FreshPwsh "`$env:DOCKER_CONFIG = '$folder'; Import-Module '$($World.ModulePath)/OciTools.psd1'; Disconnect-ImageRegistry ghcr.io -WhatIf"
        $said | Should -HaveCount 1
        $said | Should -Match "^What if: .*ghcr\.io as bob, kept in $([regex]::Escape($folder))/config.json"
        Get-FileSha256 "$folder/config.json" | Should -BeExactly $before
        Get-ChildItem $folder -Force | ForEach-Object Name | Should -Be 'config.json'
    }
}
